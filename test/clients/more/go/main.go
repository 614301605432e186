// Command go goes through the life of keys with AWS's SDK for Go, as a program of anybody's would: what it talks to is told by the
// environment alone (AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL_STS, AWS_REGION, and the ways to credentials that the SDK knows).
package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

var (
	ctx    = context.Background()
	client *kms.Client
	// caller is the principal that the program acts as.
	caller string
	// made has the ids of all the keys of the story.
	made []string
)

func main() {
	settings := must(config.LoadDefaultConfig(ctx))
	client = kms.NewFromConfig(settings)
	identify(sts.NewFromConfig(settings))
	key := create()
	sealed := encrypt(key)
	dataKeys(key)
	reEncrypt(key, sealed)
	equalCalls()
	signRsa()
	signEcdsa()
	mac()
	tags(key)
	grants(key)
	list()
	policy(key)
	rotate(key, sealed)
	disable(key, sealed)
	scheduleDeletion(key, sealed)
	fmt.Println(caller)
	built, _ := debug.ReadBuildInfo()
	for _, module := range built.Deps {
		if strings.HasSuffix(module.Path, "/service/kms") {
			fmt.Println(module.Path, module.Version)
		}
	}
}

// session is the ARN of a principal that is acted as for a while.
var session = regexp.MustCompile(`^arn:aws:sts::(\d{12}):assumed-role/([^/]+)/.+$`)

func identify(client *sts.Client) {
	begin("caller")
	answer := must(client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))
	caller = session.ReplaceAllString(*answer.Arn, "arn:aws:iam::$1:role/$2")
	check(strings.HasPrefix(caller, "arn:aws:iam::"+*answer.Account+":"), "%s is not of %s", caller, *answer.Account)
}

// newKey makes a key, and returns what it is described as.
func newKey(input kms.CreateKeyInput) types.KeyMetadata {
	key := must(client.CreateKey(ctx, &input)).KeyMetadata
	made = append(made, *key.KeyId)
	return *key
}

const alias = "alias/story-go"

func create() types.KeyMetadata {
	begin("create and describe")
	key := newKey(kms.CreateKeyInput{
		Description: aws.String("shop"),
		Tags:        []types.Tag{{TagKey: aws.String("app"), TagValue: aws.String("shop")}},
	})
	described := must(client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: key.Arn})).KeyMetadata
	equal(*described.KeyId, *key.KeyId, "the key id")
	equal(*described.Description, "shop", "the description")
	equal(described.KeyState, types.KeyStateEnabled, "the state")
	equal(described.KeySpec, types.KeySpecSymmetricDefault, "the spec")
	equal(described.KeyManager, types.KeyManagerTypeCustomer, "the manager")
	equal(described.Origin, types.OriginTypeAwsKms, "the origin")
	check(described.CreationDate.Equal(*key.CreationDate), "the creation date is %v, not %v", described.CreationDate, key.CreationDate)
	refused[*types.NotFoundException](client.DescribeKey(ctx, &kms.DescribeKeyInput{
		KeyId: aws.String("00000000-0000-0000-0000-000000000000"),
	}))

	begin("alias")
	must(client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String(alias), TargetKeyId: key.KeyId}))
	named := must(client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(alias)})).KeyMetadata
	equal(*named.Arn, *key.Arn, "the key of the alias")
	refused[*types.AlreadyExistsException](client.CreateAlias(ctx, &kms.CreateAliasInput{
		AliasName: aws.String(alias), TargetKeyId: key.KeyId,
	}))
	names := must(client.ListAliases(ctx, &kms.ListAliasesInput{KeyId: key.KeyId})).Aliases
	equal(len(names), 1, "the number of aliases")
	equal(*names[0].AliasName, alias, "the alias")
	return key
}

var order = map[string]string{"tenant": "7", "table": "users"}

func encrypt(key types.KeyMetadata) []byte {
	begin("encrypt and decrypt")
	sealed := must(client.Encrypt(ctx, &kms.EncryptInput{
		KeyId: aws.String(alias), Plaintext: []byte("hello"), EncryptionContext: order,
	}))
	equal(*sealed.KeyId, *key.Arn, "the key that encrypted")
	equal(sealed.EncryptionAlgorithm, types.EncryptionAlgorithmSpecSymmetricDefault, "the algorithm")
	decrypt := func(bound map[string]string) (*kms.DecryptOutput, error) {
		return client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: bound})
	}
	opened := must(decrypt(order))
	equal(string(opened.Plaintext), "hello", "the plaintext")
	equal(*opened.KeyId, *key.Arn, "the key that decrypted")
	refused[*types.InvalidCiphertextException](decrypt(map[string]string{"tenant": "8", "table": "users"}))
	refused[*types.InvalidCiphertextException](decrypt(nil))
	refused[*types.DryRunOperationException](client.Decrypt(ctx, &kms.DecryptInput{
		CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: order, DryRun: aws.Bool(true),
	}))
	return sealed.CiphertextBlob
}

func reEncrypt(key types.KeyMetadata, sealed []byte) {
	begin("re-encrypt")
	other := newKey(kms.CreateKeyInput{})
	bound := map[string]string{"tenant": "9"}
	moved := must(client.ReEncrypt(ctx, &kms.ReEncryptInput{
		CiphertextBlob: sealed, SourceEncryptionContext: order,
		DestinationKeyId: other.KeyId, DestinationEncryptionContext: bound,
	}))
	equal(*moved.SourceKeyId, *key.Arn, "the source key")
	opened := must(client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: moved.CiphertextBlob, EncryptionContext: bound}))
	equal(string(opened.Plaintext), "hello", "the plaintext")
	equal(*opened.KeyId, *moved.KeyId, "the destination key")
	refused[*types.IncorrectKeyException](client.Decrypt(ctx, &kms.DecryptInput{
		CiphertextBlob: moved.CiphertextBlob, EncryptionContext: bound, KeyId: key.Arn,
	}))
}

// equalCalls makes calls that are the same to the byte, and in the same second: each counts.
func equalCalls() {
	begin("equal calls at once")
	const calls = 8
	ids := make(chan string)
	for range calls {
		go func() { ids <- *must(client.CreateKey(ctx, &kms.CreateKeyInput{})).KeyMetadata.KeyId }()
	}
	seen := map[string]bool{}
	for range calls {
		id := <-ids
		seen[id] = true
		made = append(made, id)
	}
	equal(len(seen), calls, "the number of keys")
}

func dataKeys(key types.KeyMetadata) {
	begin("data keys")
	made := must(client.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: key.Arn, KeySpec: types.DataKeySpecAes256, EncryptionContext: order,
	}))
	equal(len(made.Plaintext), 32, "the length")
	opened := must(client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: made.CiphertextBlob, EncryptionContext: order}))
	check(bytes.Equal(opened.Plaintext, made.Plaintext), "the data key came back as another")
	alone := must(client.GenerateDataKeyWithoutPlaintext(ctx, &kms.GenerateDataKeyWithoutPlaintextInput{
		KeyId: key.Arn, NumberOfBytes: aws.Int32(16),
	}))
	opened = must(client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: alone.CiphertextBlob}))
	equal(len(opened.Plaintext), 16, "the length")

	begin("data key pairs")
	pair := must(client.GenerateDataKeyPair(ctx, &kms.GenerateDataKeyPairInput{
		KeyId: key.Arn, KeyPairSpec: types.DataKeyPairSpecEccNistP256, EncryptionContext: order,
	}))
	checkPair(pair.PrivateKeyPlaintext, pair.PublicKey)
	opened = must(client.Decrypt(ctx, &kms.DecryptInput{
		CiphertextBlob: pair.PrivateKeyCiphertextBlob, EncryptionContext: order,
	}))
	check(bytes.Equal(opened.Plaintext, pair.PrivateKeyPlaintext), "the private key came back as another")
}
