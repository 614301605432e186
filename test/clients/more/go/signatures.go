package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

var contract, another = []byte("a contract"), []byte("another")

// publicKey is a key's public half, as Go reads it.
func publicKey[T any](key string) T {
	answer := must(client.GetPublicKey(ctx, &kms.GetPublicKeyInput{KeyId: aws.String(key)}))
	equal(answer.KeyUsage, types.KeyUsageTypeSignVerify, "the usage")
	public, is := must(x509.ParsePKIXPublicKey(answer.PublicKey)).(T)
	check(is, "the public key is of another kind")
	return public
}

// verify lets the server check a signature of the contract, and refuse it for another message.
func verify(key string, signature []byte, algorithm types.SigningAlgorithmSpec) {
	ask := func(message []byte) (*kms.VerifyOutput, error) {
		return client.Verify(ctx, &kms.VerifyInput{
			KeyId: aws.String(key), Message: message, Signature: signature, SigningAlgorithm: algorithm,
		})
	}
	check(must(ask(contract)).SignatureValid, "the signature is not valid")
	refused[*types.KMSInvalidSignatureException](ask(another))
}

func signRsa() {
	begin("RSA-PSS")
	key := *newKey(kms.CreateKeyInput{KeySpec: types.KeySpecRsa2048, KeyUsage: types.KeyUsageTypeSignVerify}).KeyId
	signed := must(client.Sign(ctx, &kms.SignInput{
		KeyId: aws.String(key), Message: contract, SigningAlgorithm: types.SigningAlgorithmSpecRsassaPssSha256,
	}))
	verify(key, signed.Signature, types.SigningAlgorithmSpecRsassaPssSha256)
	public := publicKey[*rsa.PublicKey](key)
	here := func(message []byte) error {
		digest := sha256.Sum256(message)
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return rsa.VerifyPSS(public, crypto.SHA256, digest[:], signed.Signature, options)
	}
	check(here(contract) == nil, "the public key does not verify the signature")
	check(here(another) != nil, "the public key verifies the signature for another message")
	refused[*types.InvalidKeyUsageException](client.Encrypt(ctx, &kms.EncryptInput{
		KeyId: aws.String(key), Plaintext: contract,
	}))
}

func signEcdsa() {
	begin("ECDSA")
	key := *newKey(kms.CreateKeyInput{KeySpec: types.KeySpecEccNistP256, KeyUsage: types.KeyUsageTypeSignVerify}).KeyId
	digest := sha256.Sum256(contract)
	signed := must(client.Sign(ctx, &kms.SignInput{
		KeyId: aws.String(key), Message: digest[:], MessageType: types.MessageTypeDigest,
		SigningAlgorithm: types.SigningAlgorithmSpecEcdsaSha256,
	}))
	verify(key, signed.Signature, types.SigningAlgorithmSpecEcdsaSha256)
	public := publicKey[*ecdsa.PublicKey](key)
	check(ecdsa.VerifyASN1(public, digest[:], signed.Signature), "the public key does not verify the signature")
	digest = sha256.Sum256(another)
	check(!ecdsa.VerifyASN1(public, digest[:], signed.Signature), "the public key verifies the signature for another message")
}

func mac() {
	begin("MAC")
	key := aws.String(*newKey(kms.CreateKeyInput{KeySpec: types.KeySpecHmac256, KeyUsage: types.KeyUsageTypeGenerateVerifyMac}).KeyId)
	code := must(client.GenerateMac(ctx, &kms.GenerateMacInput{
		KeyId: key, Message: contract, MacAlgorithm: types.MacAlgorithmSpecHmacSha256,
	})).Mac
	ask := func(message []byte) (*kms.VerifyMacOutput, error) {
		return client.VerifyMac(ctx, &kms.VerifyMacInput{
			KeyId: key, Message: message, Mac: code, MacAlgorithm: types.MacAlgorithmSpecHmacSha256,
		})
	}
	check(must(ask(contract)).MacValid, "the code is not valid")
	refused[*types.KMSInvalidMacException](ask(another))
}

// checkPair ends the program unless a PKCS #8 private key and an X.509 public key belong together.
func checkPair(private, public []byte) {
	held, is := must(x509.ParsePKCS8PrivateKey(private)).(*ecdsa.PrivateKey)
	check(is, "the private key is of another kind")
	check(held.PublicKey.Equal(must(x509.ParsePKIXPublicKey(public))), "the halves do not belong together")
}
