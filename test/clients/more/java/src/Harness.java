import java.util.Objects;
import software.amazon.awssdk.services.kms.model.KmsException;

/** What the steps of the story share: a check that does not hold ends the program with a word of what it found. */
final class Harness {
    private Harness() {}

    /** Says which step comes next, so that what fails is known to be of it. */
    static void begin(String step) {
        System.out.println(step);
    }

    static void check(boolean holds, String message) {
        if (!holds) throw new AssertionError(message);
    }

    static void equal(Object got, Object want, String what) {
        check(Objects.equals(got, want), what + " is " + got + ", not " + want);
    }

    /** The call must be refused with this exception of the SDK's; returns it. */
    static <E extends KmsException> E refused(Class<E> want, Runnable call) {
        try {
            call.run();
        } catch (KmsException caught) {
            // Its subclasses are other exceptions; KmsException itself is for those that the SDK has no class for.
            if (caught.getClass() == want) return want.cast(caught);
            throw new AssertionError("not " + want.getSimpleName(), caught);
        }
        throw new AssertionError(want.getSimpleName() + " was not thrown");
    }
}
