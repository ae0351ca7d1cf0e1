package lastgang;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;

/** The plant's time in this process, by the setting that {@code domain/clock.py} reads too. */
final class PlantClock {
    private static final long LOOK_EVERY_MS = 200;

    private final Path file;
    private String seen = "";
    private long lookedAtMs = Long.MIN_VALUE;
    /** The computer's time [us] at which the plant's time was {@code plantUs}; the clock has been running since. */
    private long realUs;

    private long plantUs;
    private double speed = 1.0;

    /**
     * @param setting empty or null for the computer's own clock, {@code REAL_ANCHOR,PLANT_ANCHOR,SPEED}, or {@code @FILE} with that in it,
     *     or with {@code PLANT_ANCHOR,SPEED} as long as the clock stands
     * @throws IllegalArgumentException if it has another form
     */
    PlantClock(String setting) {
        boolean isFile = setting != null && setting.startsWith("@");
        file = isFile ? Path.of(setting.substring(1)) : null;
        if (isFile) {
            look(System.currentTimeMillis());
        } else if (setting != null && !setting.isEmpty()) {
            set(setting);
        }
    }

    /** Now. */
    long nowMs() {
        return atMs(System.currentTimeMillis());
    }

    /**
     * The plant's time when the computer's was {@code computerMs}; now, where that was before this clock ran: another one ran then, and it may have
     * been set.
     */
    long atMs(long computerMs) {
        long nowMs = System.currentTimeMillis();
        if (file != null && nowMs - lookedAtMs >= LOOK_EVERY_MS) {
            look(nowMs);
        }
        long us = (computerMs * 1000 < realUs ? nowMs : computerMs) * 1000;
        return Math.floorDiv(plantUs + (long) Math.rint((us - realUs) * speed), 1000L);
    }

    private void look(long nowMs) {
        lookedAtMs = nowMs;
        try {
            String found = Files.readString(file, StandardCharsets.US_ASCII).strip();
            if (!found.equals(seen)) {
                set(found);
                seen = found;
            }
        } catch (IOException gone) {
            // Whoever made it has cleared up; what it showed goes on.
        }
    }

    private void set(String setting) {
        String[] parts = setting.split(",");
        try {
            if (parts.length == 3) {
                realUs = epochUs(parts[0]);
                plantUs = epochUs(parts[1]);
                speed = Double.parseDouble(parts[2].strip());
                return;
            }
            if (parts.length == 2 && file != null) {
                plantUs = epochUs(parts[0]);
                speed = 0.0;
                return;
            }
        } catch (RuntimeException notOne) {
            throw new IllegalArgumentException(wrong(setting), notOne);
        }
        throw new IllegalArgumentException(wrong(setting));
    }

    private static String wrong(String setting) {
        return "clock setting '" + setting + "': expected REAL_ANCHOR_UTC,PLANT_ANCHOR_UTC,SPEED, @FILE or nothing at all";
    }

    private static long epochUs(String instant) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, OffsetDateTime.parse(instant.strip()).toInstant());
    }
}
