//! What becomes of keys beside their use: tags, grants, lists, policies, rotations and states.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use aws_sdk_kms::Error;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{GrantConstraints, GrantListEntry, GrantOperation, KeyMetadata, KeyState, RotationType, Tag};

use crate::{ALIAS, Story, begin, context, order, refused};

const DAY: Duration = Duration::from_secs(86_400);

impl Story {
    pub async fn tags(&self, key: &KeyMetadata) -> Result<(), Error> {
        begin("tags");
        let tag = Tag::builder().tag_key("stage").tag_value("test").build()?;
        self.client.tag_resource().key_id(key.key_id()).tags(tag.clone()).send().await?;
        self.client.untag_resource().key_id(key.key_id()).tag_keys("app").send().await?;
        let found = self.client.list_resource_tags().key_id(key.key_id()).send().await?;
        assert_eq!(found.tags(), [tag]);
        Ok(())
    }

    async fn grants_of(&self, key: &KeyMetadata) -> Result<Vec<GrantListEntry>, Error> {
        Ok(self.client.list_grants().key_id(key.key_id()).send().await?.grants.unwrap_or_default())
    }

    pub async fn grants(&self, key: &KeyMetadata) -> Result<(), Error> {
        begin("grants");
        let client = &self.client;
        let create = || client.create_grant().key_id(key.key_id()).grantee_principal(&self.caller);
        let subset = GrantConstraints::builder().encryption_context_subset("job", "backup").build();
        let call = create().name("backup").retiring_principal(&self.caller).constraints(subset.clone());
        let call = call.operations(GrantOperation::Encrypt).operations(GrantOperation::Decrypt);
        let made = call.send().await?;
        let token = made.grant_token().expect("a grant token");
        let found = self.grants_of(key).await?;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].grant_id(), made.grant_id());
        assert_eq!(found[0].grantee_principal(), Some(self.caller.as_str()));
        assert_eq!(found[0].constraints(), Some(&subset));
        let call = client.encrypt().key_id(key.key_id()).plaintext(Blob::new("x")).grant_tokens(token);
        let bound = context(&[("job", "backup"), ("run", "1")]);
        assert!(call.set_encryption_context(bound).send().await?.ciphertext_blob().is_some());
        let retirable = client.list_retirable_grants().retiring_principal(&self.caller).send().await?;
        assert_eq!(retirable.grants().len(), 1, "{retirable:?}");
        client.retire_grant().grant_token(token).send().await?;
        assert_eq!(self.grants_of(key).await?, []);
        let second = create().operations(GrantOperation::DescribeKey).send().await?.grant_id.expect("a grant id");
        let revoke = || client.revoke_grant().key_id(key.key_id()).grant_id(&second);
        revoke().send().await?;
        refused!(revoke(), is_not_found_exception);
        Ok(())
    }

    pub async fn list(&self) -> Result<(), Error> {
        begin("list with a paginator");
        let (mut seen, mut pages) = (HashSet::new(), 0);
        let mut stream = self.client.list_keys().limit(2).into_paginator().send();
        while let Some(page) = stream.next().await {
            pages += 1;
            let page = page?;
            assert!(page.keys().len() <= 2, "{page:?}");
            for key in page.keys() {
                assert!(seen.insert(key.key_id().expect("a key id").to_string()), "{key:?} came twice");
            }
        }
        for id in &self.made {
            assert!(seen.contains(id), "{id} is in no page");
        }
        assert!(pages >= self.made.len() / 2, "there are {pages} pages");
        refused!(self.client.list_keys().marker("none"), is_invalid_marker_exception);
        Ok(())
    }

    pub async fn policy(&self, key: &KeyMetadata) -> Result<(), Error> {
        begin("key policy");
        let client = &self.client;
        let get = || client.get_key_policy().key_id(key.key_id());
        let before = get().send().await?.policy.expect("a policy");
        assert!(before.contains("kms:*"), "{before}");
        let put = |document: &str| client.put_key_policy().key_id(key.key_id()).policy(document);
        let statement = |effect: &str, principal: &str, action: &str| {
            format!(r#"{{"Effect":"{effect}","Principal":{{"AWS":"{principal}"}},"Action":"{action}","Resource":"*"}}"#)
        };
        let root = format!("arn:aws:iam::{}:root", key.aws_account_id().expect("an account"));
        let (allow, deny) = (statement("Allow", &root, "kms:*"), statement("Deny", &self.caller, "kms:Encrypt"));
        let document = format!(r#"{{"Version":"2012-10-17","Statement":[{allow},{deny}]}}"#);
        put(&document).send().await?;
        assert_eq!(get().send().await?.policy(), Some(document.as_str()));
        let encrypt = || client.encrypt().key_id(key.key_id()).plaintext(Blob::new("x"));
        // The SDK has no type of its own for it.
        let denied = encrypt().send().await.expect_err("was not denied").into_service_error();
        assert_eq!(denied.code(), Some("AccessDeniedException"), "{denied:?}");
        refused!(put(r#"{"Version":"2012-10-17"}"#), is_malformed_policy_document_exception);
        put(&before).send().await?;
        encrypt().send().await?;
        Ok(())
    }

    pub async fn rotate(&self, key: &KeyMetadata, sealed: &Blob) -> Result<(), Error> {
        begin("rotate");
        let client = &self.client;
        client.enable_key_rotation().key_id(key.key_id()).rotation_period_in_days(180).send().await?;
        let status = client.get_key_rotation_status().key_id(key.key_id()).send().await?;
        assert!(status.key_rotation_enabled(), "{status:?}");
        assert_eq!(status.rotation_period_in_days(), Some(180));
        let next = SystemTime::try_from(*status.next_rotation_date().expect("a next rotation")).expect("a time");
        assert!(next > SystemTime::now(), "{status:?}");
        client.rotate_key_on_demand().key_id(key.key_id()).send().await?;
        let mut stream = client.list_key_rotations().key_id(key.key_id()).into_paginator().items().send();
        let rotation = stream.next().await.expect("a rotation")?;
        assert_eq!(rotation.rotation_type(), Some(&RotationType::OnDemand));
        assert!(stream.next().await.is_none(), "there are two rotations");
        let opened = client.decrypt().ciphertext_blob(sealed.clone()).set_encryption_context(order()).send().await?;
        assert_eq!(opened.plaintext(), Some(&Blob::new("hello")));
        Ok(())
    }

    async fn state(&self, key: &KeyMetadata) -> Result<Option<KeyState>, Error> {
        let described = self.client.describe_key().key_id(key.key_id()).send().await?;
        Ok(described.key_metadata.expect("key metadata").key_state)
    }

    pub async fn disable(&self, key: &KeyMetadata, sealed: &Blob) -> Result<(), Error> {
        begin("disable and enable");
        let decrypt = || self.client.decrypt().ciphertext_blob(sealed.clone()).set_encryption_context(order());
        self.client.disable_key().key_id(key.key_id()).send().await?;
        assert_eq!(self.state(key).await?, Some(KeyState::Disabled));
        let error = refused!(decrypt(), is_disabled_exception);
        assert_eq!(error.message(), Some(format!("{} is disabled.", key.arn().unwrap()).as_str()));
        self.client.enable_key().key_id(key.key_id()).send().await?;
        decrypt().send().await?;
        Ok(())
    }

    pub async fn schedule_deletion(&self, key: &KeyMetadata, sealed: &Blob) -> Result<(), Error> {
        begin("schedule deletion");
        let client = &self.client;
        let answer = client.schedule_key_deletion().key_id(key.key_id()).pending_window_in_days(7).send().await?;
        assert_eq!(answer.key_state(), Some(&KeyState::PendingDeletion));
        let end = SystemTime::try_from(*answer.deletion_date().expect("a date")).expect("a time");
        let left = end.duration_since(SystemTime::now()).expect("a date to come");
        assert!(left > 6 * DAY && left < 8 * DAY, "{answer:?}");
        let decrypt = || client.decrypt().ciphertext_blob(sealed.clone()).set_encryption_context(order());
        let error = refused!(decrypt(), is_kms_invalid_state_exception);
        assert_eq!(error.message(), Some(format!("{} is pending deletion.", key.arn().unwrap()).as_str()));
        client.cancel_key_deletion().key_id(key.key_id()).send().await?;
        assert_eq!(self.state(key).await?, Some(KeyState::Disabled));
        client.enable_key().key_id(key.key_id()).send().await?;
        decrypt().send().await?;
        client.delete_alias().alias_name(ALIAS).send().await?;
        refused!(client.describe_key().key_id(ALIAS), is_not_found_exception);
        Ok(())
    }
}
