package lastgang;

import java.nio.charset.StandardCharsets;

/**
 * Recognises a reading exactly as our codec writes it, and nothing else.
 *
 * <p>A canonical record has all fields of {@code domain.readings.Reading} in their order, no space, quality good, a number that is
 * plainly written, plain names, and a site and meter that agree with the record's key. Whatever differs in a single byte is not
 * judged here: it goes on untouched, and the one full decoder, in Python, says what it is.
 */
public final class CanonicalReading {
    private static final byte[] SITE = bytes("{\"site\":\"");
    private static final byte[] METER = bytes(",\"meter\":\"");
    private static final byte[] CHANNEL = bytes(",\"channel\":\"");
    private static final byte[] OBSERVED = bytes(",\"observed_ms\":");
    private static final byte[] RECEIVED = bytes(",\"received_ms\":");
    private static final byte[] VALUE = bytes(",\"value\":");
    private static final byte[] GOOD = bytes(",\"quality\":\"good\",\"text\":null,\"gateway\":");
    private static final byte[] SEQUENCE = bytes(",\"sequence\":");
    private static final byte[] LIVE = bytes(",\"origin\":\"live\"}");
    private static final byte[] HISTORY = bytes(",\"origin\":\"history\"}");
    private static final byte[] NULL = bytes("null");

    private static final int MOST_MS_DIGITS = 14;
    private static final int MOST_SEQUENCE_DIGITS = 18;
    private static final long MOST_WHOLE = 1L << 53;
    private static final int MOST_VALUE_LENGTH = 24;
    private static final double[] POWERS = new double[23];

    static {
        for (int n = 0; n < POWERS.length; n++) {
            POWERS[n] = Double.parseDouble("1e" + n);
        }
    }

    private final String[] names = new String[256];

    private byte[] json;
    private int at;
    private int nameFrom;
    private int nameTo;

    /** Fill {@code item} from {@code payload}; false, and an item of no meaning, where the record is not canonical. */
    public boolean read(byte[] recordKey, byte[] payload, Item item) {
        json = payload;
        at = 0;
        if (!literal(SITE) || !name()) {
            return false;
        }
        int siteFrom = nameFrom;
        int siteLength = nameTo - nameFrom;
        if (!literal(METER) || !name()) {
            return false;
        }
        if (!isKey(recordKey, siteFrom, siteLength)) {
            return false;
        }
        if (!literal(CHANNEL) || !name()) {
            return false;
        }
        item.channel = text();
        if (!literal(OBSERVED)) {
            return false;
        }
        item.observedMs = digits(MOST_MS_DIGITS);
        if (item.observedMs < 0 || !literal(RECEIVED)) {
            return false;
        }
        item.receivedMs = digits(MOST_MS_DIGITS);
        if (item.receivedMs < 0 || !literal(VALUE) || !value(item) || !literal(GOOD)) {
            return false;
        }
        item.gateway = null;
        if (!literal(NULL)) {
            at--;
            if (!opensName() || !name()) {
                return false;
            }
            item.gateway = text();
        }
        if (!literal(SEQUENCE)) {
            return false;
        }
        item.sequence = Item.NO_SEQUENCE;
        if (!literal(NULL)) {
            item.sequence = digits(MOST_SEQUENCE_DIGITS);
            if (item.sequence < 0) {
                return false;
            }
        }
        item.isHistory = false;
        if (!literal(LIVE)) {
            if (!literal(HISTORY)) {
                return false;
            }
            item.isHistory = true;
        }
        return at == json.length;
    }

    private boolean literal(byte[] expected) {
        if (json.length - at < expected.length) {
            return false;
        }
        for (int n = 0; n < expected.length; n++) {
            if (json[at + n] != expected[n]) {
                return false;
            }
        }
        at += expected.length;
        return true;
    }

    private boolean opensName() {
        at++;
        return at < json.length && json[at++] == '"';
    }

    /** A text of 1 to 64 letters, digits, dot, underscore or hyphen, up to and with its closing quote. */
    private boolean name() {
        nameFrom = at;
        while (at < json.length) {
            byte c = json[at++];
            if (c == '"') {
                nameTo = at - 1;
                return nameTo > nameFrom && nameTo - nameFrom <= 64;
            }
            boolean isPlain = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c == '.';
            if (!isPlain) {
                return false;
            }
        }
        return false;
    }

    /** The last name as a string; the same few come again and again. */
    private String text() {
        int hash = nameTo - nameFrom;
        for (int n = nameFrom; n < nameTo; n++) {
            hash = 31 * hash + json[n];
        }
        int slot = hash & (names.length - 1);
        String known = names[slot];
        if (known == null || !isText(known)) {
            known = new String(json, nameFrom, nameTo - nameFrom, StandardCharsets.ISO_8859_1);
            names[slot] = known;
        }
        return known;
    }

    private boolean isText(String known) {
        if (known.length() != nameTo - nameFrom) {
            return false;
        }
        for (int n = 0; n < known.length(); n++) {
            if (known.charAt(n) != json[nameFrom + n]) {
                return false;
            }
        }
        return true;
    }

    private boolean isKey(byte[] key, int siteFrom, int siteLength) {
        int meterLength = nameTo - nameFrom;
        if (key == null || key.length != siteLength + 1 + meterLength || key[siteLength] != '/') {
            return false;
        }
        for (int n = 0; n < siteLength; n++) {
            if (key[n] != json[siteFrom + n]) {
                return false;
            }
        }
        for (int n = 0; n < meterLength; n++) {
            if (key[siteLength + 1 + n] != json[nameFrom + n]) {
                return false;
            }
        }
        return true;
    }

    /** A whole number without sign and without leading zero; -1 where there is none. */
    private long digits(int most) {
        int from = at;
        long number = 0;
        while (at < json.length && json[at] >= '0' && json[at] <= '9') {
            if (at - from == most) {
                return -1;
            }
            number = 10 * number + json[at++] - '0';
        }
        boolean isLong = at - from > 1;
        return at == from || isLong && json[from] == '0' ? -1 : number;
    }

    /** JSON's number; whole ones up to 2^53, others correctly rounded. */
    private boolean value(Item item) {
        int from = at;
        boolean isNegative = at < json.length && json[at] == '-';
        if (isNegative) {
            at++;
        }
        int wholeFrom = at;
        long mantissa = 0;
        int count = 0;
        while (at < json.length && json[at] >= '0' && json[at] <= '9') {
            mantissa = 10 * mantissa + json[at++] - '0';
            count++;
        }
        boolean hasLeadingZero = count > 1 && json[wholeFrom] == '0';
        if (count == 0 || count > 16 || hasLeadingZero) {
            return false;
        }
        if (at < json.length && json[at] != '.' && json[at] != 'e' && json[at] != 'E') {
            item.value = isNegative ? -mantissa : mantissa;
            return mantissa <= MOST_WHOLE && !(isNegative && mantissa == 0);
        }
        int fraction = 0;
        if (at < json.length && json[at] == '.') {
            at++;
            while (at < json.length && json[at] >= '0' && json[at] <= '9') {
                if (count < 18) {
                    mantissa = 10 * mantissa + json[at] - '0';
                }
                at++;
                count++;
                fraction++;
            }
            if (fraction == 0) {
                return false;
            }
        }
        boolean hasExponent = at < json.length && (json[at] == 'e' || json[at] == 'E');
        if (hasExponent) {
            at++;
            if (at < json.length && (json[at] == '-' || json[at] == '+')) {
                at++;
            }
            int exponentFrom = at;
            while (at < json.length && json[at] >= '0' && json[at] <= '9') {
                at++;
            }
            if (at == exponentFrom) {
                return false;
            }
        }
        if (at - from > MOST_VALUE_LENGTH) {
            return false;
        }
        if (!hasExponent && count <= 18 && mantissa <= MOST_WHOLE && fraction < POWERS.length) {
            // Both are exact as doubles, so that one division rounds once and right.
            double size = mantissa / POWERS[fraction];
            item.value = isNegative ? -size : size;
        } else {
            item.value = Double.parseDouble(new String(json, from, at - from, StandardCharsets.ISO_8859_1));
        }
        return !Double.isInfinite(item.value);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
