package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

func tags(key types.KeyMetadata) {
	begin("tags")
	must(client.TagResource(ctx, &kms.TagResourceInput{
		KeyId: key.KeyId, Tags: []types.Tag{{TagKey: aws.String("stage"), TagValue: aws.String("test")}},
	}))
	must(client.UntagResource(ctx, &kms.UntagResourceInput{KeyId: key.KeyId, TagKeys: []string{"app"}}))
	found := must(client.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: key.KeyId})).Tags
	equal(len(found), 1, "the number of tags")
	equal(*found[0].TagKey+"="+*found[0].TagValue, "stage=test", "the tag")
}

func grants(key types.KeyMetadata) {
	begin("grants")
	made := must(client.CreateGrant(ctx, &kms.CreateGrantInput{
		KeyId: key.KeyId, Name: aws.String("backup"), GranteePrincipal: &caller, RetiringPrincipal: &caller,
		Operations:  []types.GrantOperation{types.GrantOperationEncrypt, types.GrantOperationDecrypt},
		Constraints: &types.GrantConstraints{EncryptionContextSubset: map[string]string{"job": "backup"}},
	}))
	find := func() []types.GrantListEntry {
		return must(client.ListGrants(ctx, &kms.ListGrantsInput{KeyId: key.KeyId})).Grants
	}
	found := find()
	equal(len(found), 1, "the number of grants")
	equal(*found[0].GrantId, *made.GrantId, "the grant")
	equal(*found[0].GranteePrincipal, caller, "the grantee")
	equal(found[0].Constraints.EncryptionContextSubset["job"], "backup", "the constraint")
	bound := map[string]string{"job": "backup", "run": "1"}
	sealed := must(client.Encrypt(ctx, &kms.EncryptInput{
		KeyId: key.KeyId, Plaintext: []byte("x"), EncryptionContext: bound, GrantTokens: []string{*made.GrantToken},
	}))
	check(len(sealed.CiphertextBlob) > 0, "there is no ciphertext")
	retirable := must(client.ListRetirableGrants(ctx, &kms.ListRetirableGrantsInput{RetiringPrincipal: &caller})).Grants
	equal(len(retirable), 1, "the number of grants that may be retired")
	must(client.RetireGrant(ctx, &kms.RetireGrantInput{GrantToken: made.GrantToken}))
	equal(len(find()), 0, "the number of grants")
	second := must(client.CreateGrant(ctx, &kms.CreateGrantInput{
		KeyId: key.KeyId, GranteePrincipal: &caller, Operations: []types.GrantOperation{types.GrantOperationDescribeKey},
	}))
	revoke := func() (*kms.RevokeGrantOutput, error) {
		return client.RevokeGrant(ctx, &kms.RevokeGrantInput{KeyId: key.KeyId, GrantId: second.GrantId})
	}
	must(revoke())
	refused[*types.NotFoundException](revoke())
}

func list() {
	begin("list with a paginator")
	seen, pages := map[string]bool{}, 0
	for pager := kms.NewListKeysPaginator(client, &kms.ListKeysInput{Limit: aws.Int32(2)}); pager.HasMorePages(); pages++ {
		page := must(pager.NextPage(ctx))
		check(len(page.Keys) <= 2, "a page has %d keys", len(page.Keys))
		for _, key := range page.Keys {
			check(!seen[*key.KeyId], "%s came twice", *key.KeyId)
			seen[*key.KeyId] = true
		}
	}
	for _, id := range made {
		check(seen[id], "%s is in no page", id)
	}
	check(pages >= len(made)/2, "there are %d pages", pages)
	refused[*types.InvalidMarkerException](client.ListKeys(ctx, &kms.ListKeysInput{Marker: aws.String("none")}))
}

func policy(key types.KeyMetadata) {
	begin("key policy")
	before := *must(client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: key.KeyId})).Policy
	check(strings.Contains(before, "kms:*"), "the first policy is %s", before)
	put := func(document string) (*kms.PutKeyPolicyOutput, error) {
		return client.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: key.KeyId, Policy: aws.String(document)})
	}
	statement := `{"Effect":%q,"Principal":{"AWS":%q},"Action":%q,"Resource":"*"}`
	root := fmt.Sprintf("arn:aws:iam::%s:root", *key.AWSAccountId)
	document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[%s,%s]}`,
		fmt.Sprintf(statement, "Allow", root, "kms:*"), fmt.Sprintf(statement, "Deny", caller, "kms:Encrypt"))
	must(put(document))
	equal(*must(client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: key.KeyId})).Policy, document, "the policy")
	input := &kms.EncryptInput{KeyId: key.KeyId, Plaintext: []byte("x")}
	answer, err := client.Encrypt(ctx, input)
	refusedAs("AccessDeniedException", answer, err)
	refused[*types.MalformedPolicyDocumentException](put(`{"Version":"2012-10-17"}`))
	must(put(before))
	must(client.Encrypt(ctx, input))
}

func rotate(key types.KeyMetadata, sealed []byte) {
	begin("rotate")
	must(client.EnableKeyRotation(ctx, &kms.EnableKeyRotationInput{KeyId: key.KeyId, RotationPeriodInDays: aws.Int32(180)}))
	status := must(client.GetKeyRotationStatus(ctx, &kms.GetKeyRotationStatusInput{KeyId: key.KeyId}))
	check(status.KeyRotationEnabled, "rotation is not enabled")
	equal(*status.RotationPeriodInDays, 180, "the period")
	check(status.NextRotationDate.After(time.Now()), "the next rotation was at %v", status.NextRotationDate)
	must(client.RotateKeyOnDemand(ctx, &kms.RotateKeyOnDemandInput{KeyId: key.KeyId}))
	rotations := []types.RotationsListEntry{}
	for pager := kms.NewListKeyRotationsPaginator(client, &kms.ListKeyRotationsInput{KeyId: key.KeyId}); pager.HasMorePages(); {
		rotations = append(rotations, must(pager.NextPage(ctx)).Rotations...)
	}
	equal(len(rotations), 1, "the number of rotations")
	equal(rotations[0].RotationType, types.RotationTypeOnDemand, "the kind of rotation")
	opened := must(client.Decrypt(ctx, &kms.DecryptInput{CiphertextBlob: sealed, EncryptionContext: order}))
	equal(string(opened.Plaintext), "hello", "what was encrypted before")
}

// state says what a key is described as.
func state(key types.KeyMetadata) types.KeyState {
	return must(client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: key.KeyId})).KeyMetadata.KeyState
}

func disable(key types.KeyMetadata, sealed []byte) {
	begin("disable and enable")
	must(client.DisableKey(ctx, &kms.DisableKeyInput{KeyId: key.KeyId}))
	equal(state(key), types.KeyStateDisabled, "the state")
	input := &kms.DecryptInput{CiphertextBlob: sealed, EncryptionContext: order}
	equal(refused[*types.DisabledException](client.Decrypt(ctx, input)), *key.Arn+" is disabled.", "the message")
	must(client.EnableKey(ctx, &kms.EnableKeyInput{KeyId: key.KeyId}))
	must(client.Decrypt(ctx, input))
}

func scheduleDeletion(key types.KeyMetadata, sealed []byte) {
	begin("schedule deletion")
	answer := must(client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{
		KeyId: key.KeyId, PendingWindowInDays: aws.Int32(7),
	}))
	equal(answer.KeyState, types.KeyStatePendingDeletion, "the state")
	left := time.Until(*answer.DeletionDate)
	check(left > 6*24*time.Hour && left < 8*24*time.Hour, "the key is deleted at %v", answer.DeletionDate)
	input := &kms.DecryptInput{CiphertextBlob: sealed, EncryptionContext: order}
	equal(refused[*types.KMSInvalidStateException](client.Decrypt(ctx, input)), *key.Arn+" is pending deletion.", "the message")
	must(client.CancelKeyDeletion(ctx, &kms.CancelKeyDeletionInput{KeyId: key.KeyId}))
	equal(state(key), types.KeyStateDisabled, "the state")
	must(client.EnableKey(ctx, &kms.EnableKeyInput{KeyId: key.KeyId}))
	must(client.Decrypt(ctx, input))
	must(client.DeleteAlias(ctx, &kms.DeleteAliasInput{AliasName: aws.String(alias)}))
	refused[*types.NotFoundException](client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(alias)}))
}
