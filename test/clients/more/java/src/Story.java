import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.services.kms.KmsAsyncClient;
import software.amazon.awssdk.services.kms.KmsClient;
import software.amazon.awssdk.services.kms.model.*;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.GetCallerIdentityResponse;

/**
 * Goes through the life of keys with AWS's SDK for Java, as a program of anybody's would: what it talks to is told by the environment
 * alone (AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL_STS, AWS_REGION, and the ways to credentials that the SDK knows). What fails throws, and
 * so ends it.
 */
final class Story {
    static final String ALIAS = "alias/story-java";
    static final SdkBytes HELLO = bytes("hello");
    /** The encryption context of the ciphertext that the steps share. */
    static final Map<String, String> ORDER = Map.of("tenant", "7", "table", "users");

    final KmsClient kms;
    /** The principal that the program acts as. */
    final String caller;
    /** The ids of all the keys that were made. */
    final List<String> made = new ArrayList<>();

    Story(KmsClient kms, StsClient sts) {
        this.kms = kms;
        Harness.begin("caller");
        GetCallerIdentityResponse who = sts.getCallerIdentity();
        // A principal that is acted as for a while.
        this.caller = who.arn().replaceFirst("^arn:aws:sts::(\\d{12}):assumed-role/([^/]+)/.+$", "arn:aws:iam::$1:role/$2");
        Harness.check(caller.startsWith("arn:aws:iam::" + who.account() + ":"), caller + " is not of " + who.account());
    }

    static SdkBytes bytes(String text) {
        return SdkBytes.fromString(text, StandardCharsets.UTF_8);
    }

    public static void main(String[] given) {
        try (KmsClient kms = KmsClient.create();
                StsClient sts = StsClient.create()) {
            Story story = new Story(kms, sts);
            KeyMetadata key = story.create();
            SdkBytes sealed = story.encrypt(key);
            story.asynchronous(sealed);
            story.dataKeys(key);
            story.reEncrypt(key, sealed);
            story.equalCalls();
            Signatures signatures = new Signatures(story);
            signatures.rsa();
            signatures.ecdsa();
            signatures.mac();
            Management management = new Management(story, key);
            management.tags();
            management.grants();
            management.list();
            management.policy();
            management.rotate(sealed);
            management.disable(sealed);
            management.scheduleDeletion(sealed);
            System.out.println(story.caller);
            System.out.println("software.amazon.awssdk " + VersionInfo.SDK_VERSION);
        }
    }

    /** Makes a key, and returns what it is described as. */
    KeyMetadata make(Consumer<CreateKeyRequest.Builder> request) {
        KeyMetadata key = kms.createKey(request).keyMetadata();
        made.add(key.keyId());
        return key;
    }

    private KeyMetadata create() {
        Harness.begin("create and describe");
        KeyMetadata key = make(r -> r.description("shop").tags(Tag.builder().tagKey("app").tagValue("shop").build()));
        Harness.equal(kms.describeKey(r -> r.keyId(key.arn())).keyMetadata(), key, "what is described");
        Harness.equal(key.description(), "shop", "the description");
        Harness.equal(key.keyState(), KeyState.ENABLED, "the state");
        Harness.equal(key.keySpec(), KeySpec.SYMMETRIC_DEFAULT, "the spec");
        Harness.equal(key.keyManager(), KeyManagerType.CUSTOMER, "the manager");
        Harness.equal(key.origin(), OriginType.AWS_KMS, "the origin");
        Harness.refused(NotFoundException.class, () -> kms.describeKey(r -> r.keyId("00000000-0000-0000-0000-000000000000")));

        Harness.begin("alias");
        Runnable name = () -> kms.createAlias(r -> r.aliasName(ALIAS).targetKeyId(key.keyId()));
        name.run();
        Harness.equal(kms.describeKey(r -> r.keyId(ALIAS)).keyMetadata().arn(), key.arn(), "the key of the alias");
        Harness.refused(AlreadyExistsException.class, name);
        List<String> names = kms.listAliases(r -> r.keyId(key.keyId())).aliases().stream().map(AliasListEntry::aliasName).toList();
        Harness.equal(names, List.of(ALIAS), "the list of aliases");
        return key;
    }

    DecryptResponse decrypt(SdkBytes sealed, Map<String, String> context) {
        return kms.decrypt(r -> r.ciphertextBlob(sealed).encryptionContext(context));
    }

    private SdkBytes encrypt(KeyMetadata key) {
        Harness.begin("encrypt and decrypt");
        EncryptResponse answer = kms.encrypt(r -> r.keyId(ALIAS).plaintext(HELLO).encryptionContext(ORDER));
        Harness.equal(answer.keyId(), key.arn(), "the key that encrypted");
        SdkBytes sealed = answer.ciphertextBlob();
        DecryptResponse opened = decrypt(sealed, ORDER);
        Harness.equal(opened.plaintext(), HELLO, "the plaintext");
        Harness.equal(opened.keyId(), key.arn(), "the key that decrypted");
        Harness.refused(InvalidCiphertextException.class, () -> decrypt(sealed, Map.of("tenant", "8", "table", "users")));
        Harness.refused(InvalidCiphertextException.class, () -> decrypt(sealed, Map.of()));
        Harness.refused(
                DryRunOperationException.class,
                () -> kms.decrypt(r -> r.ciphertextBlob(sealed).encryptionContext(ORDER).dryRun(true)));
        return sealed;
    }

    /** Part of the same step: the SDK's other client speaks HTTP by another library, and has many calls in flight. */
    private void asynchronous(SdkBytes sealed) {
        try (KmsAsyncClient client = KmsAsyncClient.create()) {
            var calls = new ArrayList<CompletableFuture<DecryptResponse>>();
            for (int call = 0; call < 64; call++) calls.add(client.decrypt(r -> r.ciphertextBlob(sealed).encryptionContext(ORDER)));
            for (var call : calls) Harness.equal(call.join().plaintext(), HELLO, "the plaintext");
        }
    }

    private void reEncrypt(KeyMetadata key, SdkBytes sealed) {
        Harness.begin("re-encrypt");
        KeyMetadata other = make(r -> {});
        Map<String, String> context = Map.of("tenant", "9");
        ReEncryptResponse moved = kms.reEncrypt(r -> r.ciphertextBlob(sealed)
                .sourceEncryptionContext(ORDER)
                .destinationKeyId(other.keyId())
                .destinationEncryptionContext(context));
        Harness.equal(moved.sourceKeyId(), key.arn(), "the source key");
        DecryptResponse opened = decrypt(moved.ciphertextBlob(), context);
        Harness.equal(opened.plaintext(), HELLO, "the plaintext");
        Harness.equal(opened.keyId(), other.arn(), "the destination key");
        Harness.refused(
                IncorrectKeyException.class,
                () -> kms.decrypt(r -> r.ciphertextBlob(moved.ciphertextBlob()).encryptionContext(context).keyId(key.keyId())));
    }

    /** Calls that are the same to the byte, and in the same second: each counts. */
    private void equalCalls() {
        Harness.begin("equal calls at once");
        try (KmsAsyncClient client = KmsAsyncClient.create()) {
            var calls = new ArrayList<CompletableFuture<CreateKeyResponse>>();
            for (int call = 0; call < 8; call++) calls.add(client.createKey());
            Set<String> seen = new HashSet<>();
            for (var call : calls) seen.add(call.join().keyMetadata().keyId());
            Harness.equal(seen.size(), 8, "the number of keys");
            made.addAll(seen);
        }
    }

    private void dataKeys(KeyMetadata key) {
        Harness.begin("data keys");
        GenerateDataKeyResponse data =
                kms.generateDataKey(r -> r.keyId(key.keyId()).keySpec(DataKeySpec.AES_256).encryptionContext(ORDER));
        Harness.equal(data.plaintext().asByteArray().length, 32, "the length");
        Harness.equal(decrypt(data.ciphertextBlob(), ORDER).plaintext(), data.plaintext(), "the data key");
        SdkBytes alone = kms.generateDataKeyWithoutPlaintext(r -> r.keyId(key.keyId()).numberOfBytes(16)).ciphertextBlob();
        Harness.equal(decrypt(alone, Map.of()).plaintext().asByteArray().length, 16, "the length");

        Harness.begin("data key pairs");
        GenerateDataKeyPairResponse pair = kms.generateDataKeyPair(
                r -> r.keyId(key.keyId()).keyPairSpec(DataKeyPairSpec.ECC_NIST_P256).encryptionContext(ORDER));
        Signatures.checkPair(pair.privateKeyPlaintext(), pair.publicKey());
        SdkBytes opened = decrypt(pair.privateKeyCiphertextBlob(), ORDER).plaintext();
        Harness.equal(opened, pair.privateKeyPlaintext(), "the private key");
    }
}
