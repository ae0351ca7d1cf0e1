package lastgang;

import java.io.IOException;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonParser;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonToken;

/** What it takes to tell one report of a machine's control from the next, of a reading however it is written; nothing is judged here. */
final class LooseReading {
    private static final JsonFactory JSON = new JsonFactory();

    String site = "";
    String meter = "";
    String channel = "";
    long observedMs;
    boolean isHistory;
    /** Value, quality and text as they are written: two reports that agree in them say the same. */
    String says = "";
    String value = "";
    String quality = "";
    String text = "";

    private LooseReading() {}

    /** Whether the device itself trusts it; what is not stated is trusted. */
    boolean isGood() {
        return quality.isEmpty() || quality.equals("good");
    }

    /** Its value; NaN where it has none. */
    double number() {
        try {
            return Double.parseDouble(value);
        } catch (NumberFormatException none) {
            return Double.NaN;
        }
    }

    /** The reading; null where the bytes are no JSON object. What has another type than a reading's field is left out. */
    static LooseReading of(byte[] json) {
        LooseReading found = new LooseReading();
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return null;
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken token = parser.nextToken();
                if (token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY) {
                    parser.skipChildren();
                    continue;
                }
                String word = token == JsonToken.VALUE_NULL ? "" : parser.getText();
                switch (name) {
                    case "site" -> found.site = word;
                    case "meter" -> found.meter = word;
                    case "channel" -> found.channel = word;
                    case "observed_ms" -> found.observedMs = token == JsonToken.VALUE_NUMBER_INT ? parser.getLongValue() : 0;
                    case "origin" -> found.isHistory = word.equals("history");
                    case "value" -> found.value = word;
                    case "quality" -> found.quality = word;
                    case "text" -> found.text = word;
                    default -> {}
                }
            }
        } catch (IOException | RuntimeException broken) {
            return null;
        }
        found.says = found.value + "\n" + found.quality + "\n" + found.text;
        return found;
    }
}
