//! Goes through the life of keys with AWS's SDK for Rust, as a program of anybody's would: what it talks to is told by the environment
//! alone (AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL_STS, AWS_REGION, and the ways to credentials that the SDK knows). What fails ends it: a
//! call that was not to be refused with the error of the SDK, everything else with a panic that says what it found.

mod management;
mod signatures;

use std::collections::{HashMap, HashSet};

use aws_config::SdkConfig;
use aws_sdk_kms::operation::create_key::builders::CreateKeyFluentBuilder;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeyPairSpec, DataKeySpec, KeyManagerType, KeyMetadata, KeySpec, KeyState, OriginType, Tag};
use aws_sdk_kms::{Client, Error};

/// The call must be refused with this exception, which the SDK's own type of the operation's errors tells; the answer is that error.
#[macro_export]
macro_rules! refused {
    ($call:expr, $is:ident) => {{
        let error = $call.send().await.expect_err("was not refused").into_service_error();
        assert!(error.$is(), "{error:?}");
        error
    }};
}

/// What the steps of the story share.
pub struct Story {
    pub client: Client,
    /// The principal that the program acts as.
    pub caller: String,
    /// The ids of all the keys that were made.
    pub made: Vec<String>,
}

pub const ALIAS: &str = "alias/story-rust";

pub fn context(pairs: &[(&str, &str)]) -> Option<HashMap<String, String>> {
    Some(pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
}

/// The encryption context of the ciphertext that the steps share.
pub fn order() -> Option<HashMap<String, String>> {
    context(&[("tenant", "7"), ("table", "users")])
}

/// Says which step comes next, so that what fails is known to be of it.
pub fn begin(step: &str) {
    println!("{step}");
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_from_env().await;
    let mut story = Story { client: Client::new(&config), caller: identify(&config).await, made: vec![] };
    let key = story.create().await?;
    let sealed = story.encrypt(&key).await?;
    story.data_keys(&key).await?;
    story.re_encrypt(&key, &sealed).await?;
    story.equal_calls().await?;
    story.sign_rsa().await?;
    story.sign_ecdsa().await?;
    story.mac().await?;
    story.tags(&key).await?;
    story.grants(&key).await?;
    story.list().await?;
    story.policy(&key).await?;
    story.rotate(&key, &sealed).await?;
    story.disable(&key, &sealed).await?;
    story.schedule_deletion(&key, &sealed).await?;
    println!("{}", story.caller);
    println!("aws-sdk-kms {}", aws_sdk_kms::meta::PKG_VERSION);
    Ok(())
}

async fn identify(config: &SdkConfig) -> String {
    begin("caller");
    let answer = aws_sdk_sts::Client::new(config).get_caller_identity().send().await.expect("who it is");
    let (arn, account) = (answer.arn().expect("an ARN"), answer.account().expect("an account"));
    let user = format!("arn:aws:iam::{account}:");
    // A principal that is acted as for a while.
    match arn.strip_prefix(&format!("arn:aws:sts::{account}:assumed-role/")) {
        Some(session) => format!("{user}role/{}", session.split('/').next().unwrap()),
        None => {
            assert!(arn.starts_with(&user), "{arn} is not of {account}");
            arn.to_string()
        }
    }
}

impl Story {
    pub fn create_key(&self) -> CreateKeyFluentBuilder {
        self.client.create_key()
    }

    /// Makes a key, and returns what it is described as.
    pub async fn make(&mut self, call: CreateKeyFluentBuilder) -> Result<KeyMetadata, Error> {
        let key = call.send().await?.key_metadata.expect("key metadata");
        self.made.push(key.key_id.clone());
        Ok(key)
    }

    async fn create(&mut self) -> Result<KeyMetadata, Error> {
        begin("create and describe");
        let tag = Tag::builder().tag_key("app").tag_value("shop").build()?;
        let key = self.make(self.create_key().description("shop").tags(tag)).await?;
        let client = &self.client;
        let arn = key.arn().expect("an ARN");
        let described = client.describe_key().key_id(arn).send().await?.key_metadata.expect("key metadata");
        assert_eq!(described, key);
        assert_eq!(key.description(), Some("shop"));
        assert_eq!(key.key_state(), Some(&KeyState::Enabled));
        assert_eq!(key.key_spec(), Some(&KeySpec::SymmetricDefault));
        assert_eq!(key.key_manager(), Some(&KeyManagerType::Customer));
        assert_eq!(key.origin(), Some(&OriginType::AwsKms));
        refused!(client.describe_key().key_id("00000000-0000-0000-0000-000000000000"), is_not_found_exception);

        begin("alias");
        let create = || client.create_alias().alias_name(ALIAS).target_key_id(key.key_id());
        create().send().await?;
        let named = client.describe_key().key_id(ALIAS).send().await?.key_metadata.expect("key metadata");
        assert_eq!(named.arn(), key.arn());
        refused!(create(), is_already_exists_exception);
        let listed = client.list_aliases().key_id(key.key_id()).send().await?;
        let names: Vec<_> = listed.aliases().iter().map(|entry| entry.alias_name()).collect();
        assert_eq!(names, [Some(ALIAS)]);
        Ok(key)
    }

    async fn encrypt(&self, key: &KeyMetadata) -> Result<Blob, Error> {
        begin("encrypt and decrypt");
        let client = &self.client;
        let call = client.encrypt().key_id(ALIAS).plaintext(Blob::new("hello"));
        let answer = call.set_encryption_context(order()).send().await?;
        assert_eq!(answer.key_id(), key.arn());
        let sealed = answer.ciphertext_blob.expect("a ciphertext");
        let decrypt = |bound| client.decrypt().ciphertext_blob(sealed.clone()).set_encryption_context(bound);
        let opened = decrypt(order()).send().await?;
        assert_eq!(opened.plaintext(), Some(&Blob::new("hello")));
        assert_eq!(opened.key_id(), key.arn());
        let other = context(&[("tenant", "8"), ("table", "users")]);
        refused!(decrypt(other), is_invalid_ciphertext_exception);
        refused!(decrypt(None), is_invalid_ciphertext_exception);
        refused!(decrypt(order()).dry_run(true), is_dry_run_operation_exception);
        Ok(sealed)
    }

    async fn re_encrypt(&mut self, key: &KeyMetadata, sealed: &Blob) -> Result<(), Error> {
        begin("re-encrypt");
        let other = self.make(self.create_key()).await?;
        let client = &self.client;
        let bound = context(&[("tenant", "9")]);
        let call = client.re_encrypt().ciphertext_blob(sealed.clone()).set_source_encryption_context(order());
        let call = call.destination_key_id(other.key_id()).set_destination_encryption_context(bound.clone());
        let moved = call.send().await?;
        assert_eq!(moved.source_key_id(), key.arn());
        let blob = moved.ciphertext_blob().expect("a ciphertext");
        let decrypt = || client.decrypt().ciphertext_blob(blob.clone()).set_encryption_context(bound.clone());
        let opened = decrypt().send().await?;
        assert_eq!(opened.plaintext(), Some(&Blob::new("hello")));
        assert_eq!(opened.key_id(), other.arn());
        refused!(decrypt().key_id(key.key_id()), is_incorrect_key_exception);
        Ok(())
    }

    /// Calls that are the same to the byte, and in the same second: each counts.
    async fn equal_calls(&mut self) -> Result<(), Error> {
        begin("equal calls at once");
        let calls: Vec<_> = (0..8).map(|_| tokio::spawn(self.create_key().send())).collect();
        let mut seen = HashSet::new();
        for call in calls {
            let key = call.await.expect("a task's end")?.key_metadata.expect("key metadata");
            self.made.push(key.key_id.clone());
            seen.insert(key.key_id);
        }
        assert_eq!(seen.len(), 8, "{seen:?}");
        Ok(())
    }

    async fn data_keys(&self, key: &KeyMetadata) -> Result<(), Error> {
        begin("data keys");
        let client = &self.client;
        let call = client.generate_data_key().key_id(key.key_id()).key_spec(DataKeySpec::Aes256);
        let made = call.set_encryption_context(order()).send().await?;
        assert_eq!(made.plaintext().map(|bytes| bytes.as_ref().len()), Some(32));
        let blob = made.ciphertext_blob().expect("a ciphertext").clone();
        let opened = client.decrypt().ciphertext_blob(blob).set_encryption_context(order()).send().await?;
        assert_eq!(opened.plaintext(), made.plaintext());
        let call = client.generate_data_key_without_plaintext().key_id(key.key_id());
        let alone = call.number_of_bytes(16).send().await?.ciphertext_blob.expect("a ciphertext");
        let opened = client.decrypt().ciphertext_blob(alone).send().await?;
        assert_eq!(opened.plaintext().map(|bytes| bytes.as_ref().len()), Some(16));

        begin("data key pairs");
        let call = client.generate_data_key_pair().key_id(key.key_id());
        let call = call.key_pair_spec(DataKeyPairSpec::EccNistP256).set_encryption_context(order());
        let pair = call.send().await?;
        let private = pair.private_key_plaintext().expect("a private key");
        signatures::check_pair(private.as_ref(), pair.public_key().expect("a public key").as_ref());
        let blob = pair.private_key_ciphertext_blob().expect("a ciphertext").clone();
        let opened = client.decrypt().ciphertext_blob(blob).set_encryption_context(order()).send().await?;
        assert_eq!(opened.plaintext(), Some(private));
        Ok(())
    }
}
