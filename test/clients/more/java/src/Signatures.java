import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.PSSParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kms.model.*;

/** Signatures and codes, and the public halves of keys, which verify without the server. */
final class Signatures {
    private static final SdkBytes CONTRACT = Story.bytes("a contract");
    private static final SdkBytes ANOTHER = Story.bytes("another");

    private final Story story;

    Signatures(Story story) {
        this.story = story;
    }

    /** What Java has of cryptography throws checked exceptions, none of which may come here. */
    private interface Cryptographic<T> {
        T run() throws GeneralSecurityException;
    }

    private static <T> T must(Cryptographic<T> call) {
        try {
            return call.run();
        } catch (GeneralSecurityException caught) {
            throw new AssertionError(caught);
        }
    }

    private static PublicKey publicKey(String family, SdkBytes der) {
        return must(() -> KeyFactory.getInstance(family).generatePublic(new X509EncodedKeySpec(der.asByteArray())));
    }

    /** A PKCS #8 private key and an X.509 public key must belong together: the one verifies what the other signs. */
    static void checkPair(SdkBytes privateDer, SdkBytes publicDer) {
        Signature signer = must(() -> Signature.getInstance("SHA256withECDSA"));
        boolean valid = must(() -> {
            signer.initSign(KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(privateDer.asByteArray())));
            signer.update(CONTRACT.asByteArray());
            byte[] signature = signer.sign();
            signer.initVerify(publicKey("EC", publicDer));
            signer.update(CONTRACT.asByteArray());
            return signer.verify(signature);
        });
        Harness.check(valid, "the halves do not belong together");
    }

    void rsa() {
        Harness.begin("RSA-PSS");
        String key = story.make(r -> r.keySpec(KeySpec.RSA_2048).keyUsage(KeyUsageType.SIGN_VERIFY)).keyId();
        SigningAlgorithmSpec algorithm = SigningAlgorithmSpec.RSASSA_PSS_SHA_256;
        SdkBytes signature = story.kms.sign(r -> r.keyId(key).message(CONTRACT).signingAlgorithm(algorithm)).signature();
        Signature verifier = must(() -> Signature.getInstance("RSASSA-PSS"));
        must(() -> {
            verifier.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
            return verifier;
        });
        verify(key, signature, algorithm, verifier, "RSA");
        Harness.refused(InvalidKeyUsageException.class, () -> story.kms.encrypt(r -> r.keyId(key).plaintext(CONTRACT)));
    }

    void ecdsa() {
        Harness.begin("ECDSA");
        String key = story.make(r -> r.keySpec(KeySpec.ECC_NIST_P256).keyUsage(KeyUsageType.SIGN_VERIFY)).keyId();
        SigningAlgorithmSpec algorithm = SigningAlgorithmSpec.ECDSA_SHA_256;
        byte[] digest = must(() -> MessageDigest.getInstance("SHA-256").digest(CONTRACT.asByteArray()));
        SdkBytes signature = story.kms
                .sign(r -> r.keyId(key)
                        .message(SdkBytes.fromByteArray(digest))
                        .messageType(MessageType.DIGEST)
                        .signingAlgorithm(algorithm))
                .signature();
        verify(key, signature, algorithm, must(() -> Signature.getInstance("SHA256withECDSA")), "EC");
    }

    /** The server and the key's public half must take the signature for the contract's, and for nothing else's. */
    private void verify(String key, SdkBytes signature, SigningAlgorithmSpec algorithm, Signature here, String family) {
        Harness.check(ask(key, CONTRACT, signature, algorithm).signatureValid(), "the signature is not valid");
        Harness.refused(KmsInvalidSignatureException.class, () -> ask(key, ANOTHER, signature, algorithm));
        GetPublicKeyResponse answer = story.kms.getPublicKey(r -> r.keyId(key));
        Harness.equal(answer.keyUsage(), KeyUsageType.SIGN_VERIFY, "the usage");
        PublicKey publicKey = publicKey(family, answer.publicKey());
        for (SdkBytes message : new SdkBytes[] {CONTRACT, ANOTHER}) {
            boolean valid = must(() -> {
                here.initVerify(publicKey);
                here.update(message.asByteArray());
                return here.verify(signature.asByteArray());
            });
            Harness.equal(valid, message == CONTRACT, "what the public key says of the signature for " + message.asUtf8String());
        }
    }

    private VerifyResponse ask(String key, SdkBytes message, SdkBytes signature, SigningAlgorithmSpec algorithm) {
        return story.kms.verify(r -> r.keyId(key).message(message).signature(signature).signingAlgorithm(algorithm));
    }

    void mac() {
        Harness.begin("MAC");
        String key = story.make(r -> r.keySpec(KeySpec.HMAC_256).keyUsage(KeyUsageType.GENERATE_VERIFY_MAC)).keyId();
        MacAlgorithmSpec algorithm = MacAlgorithmSpec.HMAC_SHA_256;
        SdkBytes code = story.kms.generateMac(r -> r.keyId(key).message(CONTRACT).macAlgorithm(algorithm)).mac();
        VerifyMacResponse answer = story.kms.verifyMac(r -> r.keyId(key).message(CONTRACT).mac(code).macAlgorithm(algorithm));
        Harness.check(answer.macValid(), "the code is not valid");
        Harness.refused(
                KmsInvalidMacException.class,
                () -> story.kms.verifyMac(r -> r.keyId(key).message(ANOTHER).mac(code).macAlgorithm(algorithm)));
    }
}
