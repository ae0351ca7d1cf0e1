package lastgang;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.util.HexFormat;

/**
 * What {@link CanonicalReading} makes of records, line by line, so that it can be held against the full decoder.
 *
 * <p>In: key and payload in hex, a space between. Out: {@code -} where the record is not canonical, else channel, gateway ({@code -}: none),
 * origin, observed_ms, received_ms, sequence (-1: none) and the value's bits in hex.
 */
public final class CanonicalLines {
    private CanonicalLines() {}

    public static void main(String[] arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        PrintStream out = new PrintStream(System.out, false);
        CanonicalReading canonical = new CanonicalReading();
        HexFormat hex = HexFormat.of();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            int space = line.indexOf(' ');
            Item item = new Item();
            if (!canonical.read(hex.parseHex(line.substring(0, space)), hex.parseHex(line.substring(space + 1)), item)) {
                out.println("-");
                continue;
            }
            out.printf(
                    "%s %s %s %d %d %d %016x%n",
                    item.channel,
                    item.gateway == null ? "-" : item.gateway,
                    item.isHistory ? "history" : "live",
                    item.observedMs,
                    item.receivedMs,
                    item.sequence,
                    Double.doubleToRawLongBits(item.value));
        }
        out.flush();
    }
}
