package lastgang;

import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** The event time of a record that is not canonical, so that texts, bad values and other writers' JSON keep their place in time. */
final class LooseDates {
    private static final JsonFactory JSON = new JsonFactory();

    private LooseDates() {}

    /** {@code observed_ms} if it is a date no further than the tolerance ahead of {@code received_ms}; else 0. */
    static long eventMs(byte[] json, long futureToleranceMs) {
        long observed = 0;
        long received = Long.MIN_VALUE;
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return 0;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken token = parser.nextToken();
                if (token == JsonToken.VALUE_NUMBER_INT && name.equals("observed_ms")) {
                    observed = parser.getLongValue();
                } else if (token == JsonToken.VALUE_NUMBER_INT && name.equals("received_ms")) {
                    received = parser.getLongValue();
                } else if (token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY) {
                    parser.skipChildren();
                }
            }
        } catch (IOException | RuntimeException broken) {
            return 0;
        }
        boolean isUsable = observed > 0 && received != Long.MIN_VALUE && observed - futureToleranceMs <= received;
        return isUsable ? observed : 0;
    }
}
