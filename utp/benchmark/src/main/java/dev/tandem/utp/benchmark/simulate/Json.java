package dev.tandem.utp.benchmark.simulate;

import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.Locale;

/** Records as JSON objects, with their components in the order of their declaration. */
final class Json {
    private final StringBuilder out = new StringBuilder();

    private Json() {}

    /**
     * Writes a value: a record, a collection, a number, a truth or a name.
     *
     * @throws IllegalArgumentException for anything else
     */
    static String of(Object value) {
        Json json = new Json();
        json.write(value, 0);
        return json.out.toString();
    }

    private void write(Object value, int depth) {
        if (value instanceof Record object) {
            writeObject(object, depth);
        } else if (value instanceof Collection<?> list) {
            writeList(list, depth);
        } else if (value instanceof Double number) {
            writeDouble(number);
        } else if (value instanceof Number || value instanceof Boolean) {
            out.append(value);
        } else if (value instanceof String name && isPlain(name)) {
            out.append('"').append(name).append('"');
        } else {
            throw new IllegalArgumentException("no JSON of " + value);
        }
    }

    private void writeObject(Record object, int depth) {
        String separator = "{";
        for (RecordComponent component : object.getClass().getRecordComponents()) {
            out.append(separator).append('\n').append("  ".repeat(depth + 1));
            out.append('"').append(component.getName()).append("\": ");
            try {
                write(component.getAccessor().invoke(object), depth + 1);
            } catch (ReflectiveOperationException e) {
                throw new IllegalArgumentException("no JSON of " + component, e);
            }
            separator = ",";
        }
        out.append('\n').append("  ".repeat(depth)).append('}');
    }

    private void writeList(Collection<?> list, int depth) {
        String separator = "[";
        for (Object element : list) {
            out.append(separator);
            write(element, depth);
            separator = ", ";
        }
        out.append(list.isEmpty() ? "[]" : "]");
    }

    private void writeDouble(double number) {
        if (Double.isFinite(number)) {
            out.append(String.format(Locale.ROOT, "%.6g", number));
        } else {
            out.append("null");
        }
    }

    private static boolean isPlain(String name) {
        return name.chars().allMatch(c -> c >= ' ' && c != '"' && c != '\\');
    }
}
