// Ledgercheck verifies an exported ledger with the code that checks Go's checksum database: golang.org/x/mod/sumdb. It shares nothing
// with Claviger but the specifications.
//
//	ledgercheck <directory> <file with an Ed25519 verifier key> <file with proofs>
//
// It prints one line and exits 0 where the ledger is whole and signed and the proofs are the ones it makes itself; else it says what is
// wrong and exits 1.
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// directory reads tiles in the layout of C2SP tlog-tiles, which is that of the checksum database without the height.
type directory string

func (d directory) Height() int { return tileHeight }

func (d directory) SaveTiles([]tlog.Tile, [][]byte) {}

func (d directory) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(string(d), path))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

// proofs are those that the server under test made.
type proofs struct {
	Inclusion []struct {
		Index  int64
		Hashes []tlog.Hash
	}
	Consistency []struct {
		First  int64
		Root   tlog.Hash
		Hashes []tlog.Hash
	}
}

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("usage: ledgercheck <directory> <verifier key file> <proofs file>"))
	}
	line, err := check(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fail(err)
	}
	fmt.Println(line)
}

func fail(err error) {
	fmt.Println(err)
	os.Exit(1)
}

func check(dir, keyFile, proofsFile string) (string, error) {
	tree, err := openCheckpoint(dir, keyFile)
	if err != nil {
		return "", err
	}
	hashes := tlog.TileHashReader(tree, directory(dir))
	if err := checkEntries(dir, tree, hashes); err != nil {
		return "", err
	}
	count, err := checkProofs(proofsFile, tree, hashes)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("ok %d entries %d proofs", tree.N, count), nil
}

// openCheckpoint verifies the note and reads the tree head in it.
func openCheckpoint(dir, keyFile string) (tree tlog.Tree, err error) {
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return tree, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	if err != nil {
		return tree, err
	}
	message, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("the checkpoint is not origin, size and root")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// checkEntries hashes every entry and compares it with the authenticated leaf.
func checkEntries(dir string, tree tlog.Tree, hashes tlog.HashReader) error {
	for first := int64(0); first < tree.N; first += tileWidth {
		width := tree.N - first
		if width > tileWidth {
			width = tileWidth
		}
		entries, err := readBundle(dir, first/tileWidth, int(width))
		if err != nil {
			return err
		}
		var indexes []int64
		for at := range entries {
			indexes = append(indexes, tlog.StoredHashIndex(0, first+int64(at)))
		}
		leaves, err := hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		for at, entry := range entries {
			if tlog.RecordHash(entry) != leaves[at] {
				return fmt.Errorf("entry %d is not the one in the tree", first+int64(at))
			}
		}
	}
	return nil
}

func readBundle(dir string, number int64, width int) ([][]byte, error) {
	path := tlog.Tile{H: tileHeight, L: 0, N: number, W: width}.Path()
	data, err := os.ReadFile(filepath.Join(dir, strings.Replace(path, "tile/8/0/", "tile/entries/", 1)))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(entries) < width {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("bundle %d is too short", number)
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	if len(data) != 0 {
		return nil, fmt.Errorf("bundle %d is too long", number)
	}
	return entries, nil
}

// checkProofs verifies the proofs, and compares them with the ones made here.
func checkProofs(file string, tree tlog.Tree, hashes tlog.HashReader) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var given proofs
	if err := json.Unmarshal(text, &given); err != nil {
		return 0, err
	}
	for _, proof := range given.Inclusion {
		leaf, err := hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, proof.Index)})
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckRecord(proof.Hashes, tree.N, tree.Hash, proof.Index, leaf[0]); err != nil {
			return 0, fmt.Errorf("inclusion of %d: %v", proof.Index, err)
		}
		own, err := tlog.ProveRecord(tree.N, proof.Index, hashes)
		if err != nil || !reflect.DeepEqual([]tlog.Hash(own), proof.Hashes) {
			return 0, fmt.Errorf("inclusion of %d: not the proof made here (%v)", proof.Index, err)
		}
	}
	for _, proof := range given.Consistency {
		if err := tlog.CheckTree(proof.Hashes, tree.N, tree.Hash, proof.First, proof.Root); err != nil {
			return 0, fmt.Errorf("consistency from %d: %v", proof.First, err)
		}
		own, err := tlog.ProveTree(tree.N, proof.First, hashes)
		if err != nil || !reflect.DeepEqual([]tlog.Hash(own), proof.Hashes) {
			return 0, fmt.Errorf("consistency from %d: not the proof made here (%v)", proof.First, err)
		}
	}
	return len(given.Inclusion) + len(given.Consistency), nil
}
