package lastgang;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * What {@link OpenMinutes} makes of the readings of one meter, line by line, so that it can be held against a plain model.
 *
 * <p>Arguments: how late [ms] a reading may be; whether the state is stored and read again after each of them. In: readings as JSON, one a line; an empty
 * line begins another meter. Out: minutes as JSON, and an empty line for an empty line.
 */
public final class MinuteLines {
    private MinuteLines() {}

    public static void main(String[] arguments) throws IOException {
        long lateMs = Long.parseLong(arguments[0]);
        boolean stores = Boolean.parseBoolean(arguments[1]);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        OpenMinutes minutes = new OpenMinutes();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.isEmpty()) {
                minutes = new OpenMinutes();
                out.println();
                continue;
            }
            for (byte[] json : minutes.take(LooseReading.of(line.getBytes(StandardCharsets.UTF_8)), lateMs)) {
                out.println(new String(json, StandardCharsets.UTF_8));
            }
            minutes = stores ? minutes.copy() : minutes;
        }
        out.flush();
    }
}
