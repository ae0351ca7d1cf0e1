package lastgang;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.types.CopyableValue;

/**
 * Minutes of one meter's channels that may still gain readings. All channels of a minute end together: when any channel of the meter has shown a reading
 * that is dated {@code lateMs} or more after the minute's end. What comes later than that is passed over, and so is what a device's memory gives back:
 * both count in the quarter hours, and a machine's health is of now.
 */
public final class OpenMinutes implements CopyableValue<OpenMinutes> {
    private static final long serialVersionUID = 1L;

    static final long MINUTE_MS = 60_000;
    private static final JsonFactory JSON = new JsonFactory();

    private long newestMs = Long.MIN_VALUE;
    /** Number of the first minute that is not closed. */
    private long open = Long.MIN_VALUE;
    private TreeMap<Long, TreeMap<String, Gauge>> minutes = new TreeMap<>();

    /** Takes a reading, and hands over the minutes that it ends as JSON, the oldest first, within a minute by channel. */
    List<byte[]> take(LooseReading reading, long lateMs) throws IOException {
        long minute = Math.floorDiv(reading.observedMs, MINUTE_MS);
        if (reading.isHistory || reading.observedMs <= 0 || minute < open) {
            return List.of();
        }
        minutes.computeIfAbsent(minute, at -> new TreeMap<>()).computeIfAbsent(reading.channel, name -> new Gauge()).add(reading);
        newestMs = Math.max(newestMs, reading.observedMs);
        long ended = Math.floorDiv(newestMs - lateMs, MINUTE_MS);
        List<byte[]> found = new ArrayList<>();
        while (!minutes.isEmpty() && minutes.firstKey() < ended) {
            Map.Entry<Long, TreeMap<String, Gauge>> first = minutes.pollFirstEntry();
            for (Map.Entry<String, Gauge> gauge : first.getValue().entrySet()) {
                found.add(json(reading, gauge.getKey(), first.getKey() * MINUTE_MS, gauge.getValue()));
            }
        }
        open = Math.max(open, ended);
        return found;
    }

    private static byte[] json(LooseReading of, String channel, long startMs, Gauge gauge) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator out = JSON.createGenerator(bytes)) {
            out.writeStartObject();
            out.writeStringField("site", of.site);
            out.writeStringField("meter", of.meter);
            out.writeStringField("channel", channel);
            out.writeNumberField("start_ms", startMs);
            out.writeNumberField("count", gauge.count());
            out.writeNumberField("good", gauge.goodShare());
            double[] numbers = gauge.numbers();
            String[] names = {"mean", "minimum", "maximum", "spread", "last"};
            for (int place = 0; place < names.length; place++) {
                if (numbers == null || !Double.isFinite(numbers[place])) {
                    out.writeNullField(names[place]);
                } else {
                    out.writeNumberField(names[place], numbers[place]);
                }
            }
            if (gauge.text() == null) {
                out.writeNullField("text");
            } else {
                out.writeStringField("text", gauge.text());
            }
            out.writeNumberField("changes", gauge.changes());
            out.writeEndObject();
        }
        return bytes.toByteArray();
    }

    @Override
    public void write(DataOutputView out) throws IOException {
        out.writeLong(newestMs);
        out.writeLong(open);
        out.writeInt(minutes.size());
        for (Map.Entry<Long, TreeMap<String, Gauge>> minute : minutes.entrySet()) {
            out.writeLong(minute.getKey());
            out.writeInt(minute.getValue().size());
            for (Map.Entry<String, Gauge> gauge : minute.getValue().entrySet()) {
                out.writeUTF(gauge.getKey());
                gauge.getValue().write(out);
            }
        }
    }

    @Override
    public void read(DataInputView in) throws IOException {
        newestMs = in.readLong();
        open = in.readLong();
        minutes = new TreeMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            TreeMap<String, Gauge> gauges = new TreeMap<>();
            minutes.put(in.readLong(), gauges);
            for (int channels = in.readInt(); channels > 0; channels--) {
                String channel = in.readUTF();
                gauges.put(channel, Gauge.read(in));
            }
        }
    }

    @Override
    public int getBinaryLength() {
        return -1;
    }

    @Override
    public void copyTo(OpenMinutes to) {
        OpenMinutes copied = copy();
        to.newestMs = copied.newestMs;
        to.open = copied.open;
        to.minutes = copied.minutes;
    }

    @Override
    public OpenMinutes copy() {
        try {
            org.apache.flink.core.memory.DataOutputSerializer out = new org.apache.flink.core.memory.DataOutputSerializer(256);
            write(out);
            OpenMinutes copied = new OpenMinutes();
            copied.read(new org.apache.flink.core.memory.DataInputDeserializer(out.getCopyOfBuffer()));
            return copied;
        } catch (IOException cannotBe) {
            throw new IllegalStateException("minutes in memory cannot be copied", cannotBe);
        }
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        OpenMinutes minutes = new OpenMinutes();
        minutes.read(source);
        minutes.write(target);
    }
}
