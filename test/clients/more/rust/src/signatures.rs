//! Signatures and codes, and the public halves of keys, which verify without the server.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use aws_sdk_kms::Error;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeySpec, KeyUsageType, MacAlgorithmSpec, MessageType, SigningAlgorithmSpec};

use crate::{Story, begin, refused};

const CONTRACT: &str = "a contract";
const ANOTHER: &str = "another";

/// A PKCS #8 private key and an X.509 public key must belong together.
pub fn check_pair(private: &[u8], public: &[u8]) {
    let held = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, private).expect("a P-256 private key");
    let der: PublicKeyX509Der = held.public_key().as_der().expect("DER");
    assert_eq!(der.as_ref(), public);
}

impl Story {
    pub async fn sign_rsa(&mut self) -> Result<(), Error> {
        begin("RSA-PSS");
        let call = self.create_key().key_spec(KeySpec::Rsa2048).key_usage(KeyUsageType::SignVerify);
        let key = self.make(call).await?.key_id;
        let algorithm = SigningAlgorithmSpec::RsassaPssSha256;
        let call = self.client.sign().key_id(&key).message(Blob::new(CONTRACT)).signing_algorithm(algorithm.clone());
        let signature = call.send().await?.signature.expect("a signature");
        self.verify(&key, &signature, algorithm, &RSA_PSS_2048_8192_SHA256).await?;
        let encrypt = self.client.encrypt().key_id(&key).plaintext(Blob::new(CONTRACT));
        refused!(encrypt, is_invalid_key_usage_exception);
        Ok(())
    }

    pub async fn sign_ecdsa(&mut self) -> Result<(), Error> {
        begin("ECDSA");
        let call = self.create_key().key_spec(KeySpec::EccNistP256).key_usage(KeyUsageType::SignVerify);
        let key = self.make(call).await?.key_id;
        let algorithm = SigningAlgorithmSpec::EcdsaSha256;
        let hash = Blob::new(digest(&SHA256, CONTRACT.as_bytes()).as_ref());
        let call = self.client.sign().key_id(&key).message(hash).message_type(MessageType::Digest);
        let signature = call.signing_algorithm(algorithm.clone()).send().await?.signature.expect("a signature");
        self.verify(&key, &signature, algorithm, &ECDSA_P256_SHA256_ASN1).await
    }

    /// The server and the key's public half must take the signature for the contract's, and for nothing else's.
    async fn verify(
        &self,
        key: &str,
        signature: &Blob,
        algorithm: SigningAlgorithmSpec,
        here: &'static dyn VerificationAlgorithm,
    ) -> Result<(), Error> {
        let ask = |message| {
            let call = self.client.verify().key_id(key).message(Blob::new(message)).signature(signature.clone());
            call.signing_algorithm(algorithm.clone())
        };
        assert!(ask(CONTRACT).send().await?.signature_valid());
        refused!(ask(ANOTHER), is_kms_invalid_signature_exception);
        let answer = self.client.get_public_key().key_id(key).send().await?;
        assert_eq!(answer.key_usage(), Some(&KeyUsageType::SignVerify));
        let public = UnparsedPublicKey::new(here, answer.public_key().expect("a public key").as_ref());
        public.verify(CONTRACT.as_bytes(), signature.as_ref()).expect("the public key does not verify the signature");
        public.verify(ANOTHER.as_bytes(), signature.as_ref()).expect_err("it verifies the signature for another message");
        Ok(())
    }

    pub async fn mac(&mut self) -> Result<(), Error> {
        begin("MAC");
        let call = self.create_key().key_spec(KeySpec::Hmac256).key_usage(KeyUsageType::GenerateVerifyMac);
        let key = self.make(call).await?.key_id;
        let algorithm = MacAlgorithmSpec::HmacSha256;
        let call = self.client.generate_mac().key_id(&key).message(Blob::new(CONTRACT));
        let code = call.mac_algorithm(algorithm.clone()).send().await?.mac.expect("a code");
        let ask = |message| {
            let call = self.client.verify_mac().key_id(&key).message(Blob::new(message)).mac(code.clone());
            call.mac_algorithm(algorithm.clone())
        };
        assert!(ask(CONTRACT).send().await?.mac_valid());
        refused!(ask(ANOTHER), is_kms_invalid_mac_exception);
        Ok(())
    }
}
