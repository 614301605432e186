import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.kms.model.*;

/** What becomes of keys beside their use: tags, grants, lists, policies, rotations and states. */
final class Management {
    private final Story story;
    private final KmsClient kms;
    private final KeyMetadata key;
    private final String id;
    private final String caller;

    Management(Story story, KeyMetadata key) {
        this.story = story;
        this.kms = story.kms;
        this.key = key;
        this.id = key.keyId();
        this.caller = story.caller;
    }

    void tags() {
        Harness.begin("tags");
        Tag tag = Tag.builder().tagKey("stage").tagValue("test").build();
        kms.tagResource(r -> r.keyId(id).tags(tag));
        kms.untagResource(r -> r.keyId(id).tagKeys("app"));
        Harness.equal(kms.listResourceTags(r -> r.keyId(id)).tags(), List.of(tag), "the list of tags");
    }

    void grants() {
        Harness.begin("grants");
        GrantConstraints subset = GrantConstraints.builder().encryptionContextSubset(Map.of("job", "backup")).build();
        CreateGrantResponse made = kms.createGrant(r -> r.keyId(id)
                .name("backup")
                .granteePrincipal(caller)
                .retiringPrincipal(caller)
                .operations(GrantOperation.ENCRYPT, GrantOperation.DECRYPT)
                .constraints(subset));
        List<GrantListEntry> found = kms.listGrants(r -> r.keyId(id)).grants();
        Harness.equal(found.size(), 1, "the number of grants");
        Harness.equal(found.get(0).grantId(), made.grantId(), "the grant");
        Harness.equal(found.get(0).granteePrincipal(), caller, "the grantee");
        Harness.equal(found.get(0).constraints(), subset, "the constraints");
        EncryptResponse sealed = kms.encrypt(r -> r.keyId(id)
                .plaintext(Story.HELLO)
                .encryptionContext(Map.of("job", "backup", "run", "1"))
                .grantTokens(made.grantToken()));
        Harness.check(sealed.ciphertextBlob() != null, "there is no ciphertext");
        int retirable = kms.listRetirableGrants(r -> r.retiringPrincipal(caller)).grants().size();
        Harness.equal(retirable, 1, "the number of grants that may be retired");
        kms.retireGrant(r -> r.grantToken(made.grantToken()));
        Harness.equal(kms.listGrants(r -> r.keyId(id)).grants(), List.of(), "the list of grants");
        String second = kms.createGrant(
                        r -> r.keyId(id).granteePrincipal(caller).operations(GrantOperation.DESCRIBE_KEY))
                .grantId();
        kms.revokeGrant(r -> r.keyId(id).grantId(second));
        Harness.refused(NotFoundException.class, () -> kms.revokeGrant(r -> r.keyId(id).grantId(second)));
    }

    void list() {
        Harness.begin("list with a paginator");
        Set<String> seen = new HashSet<>();
        int pages = 0;
        for (ListKeysResponse page : kms.listKeysPaginator(r -> r.limit(2))) {
            pages++;
            Harness.check(page.keys().size() <= 2, "a page has " + page.keys().size() + " keys");
            for (KeyListEntry entry : page.keys()) Harness.check(seen.add(entry.keyId()), entry.keyId() + " came twice");
        }
        for (String made : story.made) Harness.check(seen.contains(made), made + " is in no page");
        Harness.check(pages >= story.made.size() / 2, "there are " + pages + " pages");
        Harness.refused(InvalidMarkerException.class, () -> kms.listKeys(r -> r.marker("none")));
    }

    private static String statement(String effect, String principal, String action) {
        return """
                {"Effect":"%s","Principal":{"AWS":"%s"},"Action":"%s","Resource":"*"}""".formatted(effect, principal, action);
    }

    void policy() {
        Harness.begin("key policy");
        String before = kms.getKeyPolicy(r -> r.keyId(id)).policy();
        Harness.check(before.contains("kms:*"), "the first policy is " + before);
        String root = "arn:aws:iam::" + key.awsAccountId() + ":root";
        String document = "{\"Version\":\"2012-10-17\",\"Statement\":["
                + statement("Allow", root, "kms:*") + "," + statement("Deny", caller, "kms:Encrypt") + "]}";
        kms.putKeyPolicy(r -> r.keyId(id).policy(document));
        Harness.equal(kms.getKeyPolicy(r -> r.keyId(id)).policy(), document, "the policy");
        Runnable encrypt = () -> kms.encrypt(r -> r.keyId(id).plaintext(Story.HELLO));
        KmsException denied = Harness.refused(KmsException.class, encrypt);
        Harness.equal(denied.awsErrorDetails().errorCode(), "AccessDeniedException", "the code");
        Harness.refused(
                MalformedPolicyDocumentException.class,
                () -> kms.putKeyPolicy(r -> r.keyId(id).policy("{\"Version\":\"2012-10-17\"}")));
        kms.putKeyPolicy(r -> r.keyId(id).policy(before));
        encrypt.run();
    }

    void rotate(SdkBytes sealed) {
        Harness.begin("rotate");
        kms.enableKeyRotation(r -> r.keyId(id).rotationPeriodInDays(180));
        GetKeyRotationStatusResponse status = kms.getKeyRotationStatus(r -> r.keyId(id));
        Harness.check(status.keyRotationEnabled(), "rotation is not enabled");
        Harness.equal(status.rotationPeriodInDays(), 180, "the period");
        Harness.check(status.nextRotationDate().isAfter(Instant.now()), "the next rotation was at " + status.nextRotationDate());
        kms.rotateKeyOnDemand(r -> r.keyId(id));
        List<RotationType> rotations = kms.listKeyRotationsPaginator(r -> r.keyId(id)).rotations().stream()
                .map(RotationsListEntry::rotationType)
                .toList();
        Harness.equal(rotations, List.of(RotationType.ON_DEMAND), "the list of rotations");
        Harness.equal(story.decrypt(sealed, Story.ORDER).plaintext(), Story.HELLO, "what was encrypted before");
    }

    private KeyState state() {
        return kms.describeKey(r -> r.keyId(id)).keyMetadata().keyState();
    }

    private void refusedInWords(Class<? extends KmsException> want, SdkBytes sealed, String words) {
        KmsException caught = Harness.refused(want, () -> story.decrypt(sealed, Story.ORDER));
        Harness.equal(caught.awsErrorDetails().errorMessage(), key.arn() + words, "the message");
        Harness.equal(caught.statusCode(), 400, "the status");
        Harness.check(caught.requestId() != null, "the request has no id");
    }

    void disable(SdkBytes sealed) {
        Harness.begin("disable and enable");
        kms.disableKey(r -> r.keyId(id));
        Harness.equal(state(), KeyState.DISABLED, "the state");
        refusedInWords(DisabledException.class, sealed, " is disabled.");
        kms.enableKey(r -> r.keyId(id));
        story.decrypt(sealed, Story.ORDER);
    }

    void scheduleDeletion(SdkBytes sealed) {
        Harness.begin("schedule deletion");
        ScheduleKeyDeletionResponse answer = kms.scheduleKeyDeletion(r -> r.keyId(id).pendingWindowInDays(7));
        Harness.equal(answer.keyState(), KeyState.PENDING_DELETION, "the state");
        long days = Duration.between(Instant.now(), answer.deletionDate()).toDays();
        Harness.check(days == 6 || days == 7, "the key is deleted at " + answer.deletionDate());
        refusedInWords(KmsInvalidStateException.class, sealed, " is pending deletion.");
        kms.cancelKeyDeletion(r -> r.keyId(id));
        Harness.equal(state(), KeyState.DISABLED, "the state");
        kms.enableKey(r -> r.keyId(id));
        story.decrypt(sealed, Story.ORDER);
        kms.deleteAlias(r -> r.aliasName(Story.ALIAS));
        Harness.refused(NotFoundException.class, () -> kms.describeKey(r -> r.keyId(Story.ALIAS)));
    }
}
