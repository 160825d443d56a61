using System.Text;
using System.Text.Json;

namespace Larder.Repository.Snapshots;

/// <summary>
/// The fields of a small JSON file, a snapshot or a lock. Everything that is not as it should be is a RepositoryException, Damaged.
/// </summary>
internal sealed class JsonFile : IDisposable
{
    private readonly JsonDocument? document;
    private readonly JsonElement root;
    private readonly string what;

    private JsonFile(JsonDocument? document, JsonElement root, string what) =>
        (this.document, this.root, this.what) = (document, root, what);

    /// <param name="what">What the file is, for messages: "snapshot".</param>
    public static JsonFile Parse(ReadOnlySpan<byte> json, string what)
    {
        JsonDocument parsed;
        try
        {
            parsed = JsonDocument.Parse(json.ToArray());
        }
        catch (JsonException cause)
        {
            throw new RepositoryException(RepositoryError.Damaged, $"A {what} of {json.Length} bytes is not valid: {cause.Message}", cause);
        }
        if (parsed.RootElement.ValueKind == JsonValueKind.Object)
        {
            return new JsonFile(parsed, parsed.RootElement, what);
        }
        parsed.Dispose();
        throw new RepositoryException(RepositoryError.Damaged, $"A {what} is not valid: it is no JSON object.");
    }

    public RepositoryException Damaged(string why, Exception? cause = null) =>
        new(RepositoryError.Damaged, $"A {what} is not valid: {why}.", cause);

    public DateTimeOffset Time(string field)
    {
        var text = OptionalText(field) ?? throw Damaged($"it has no {field}");
        return Rfc3339.TryParse(Encoding.UTF8.GetBytes(text), out var time, out var offsetMinutes)
            ? Rfc3339.ToDateTimeOffset(time, offsetMinutes)
            : throw Damaged($"its {field} is not written as RFC 3339 says");
    }

    public Hash256? OptionalHash(string field) => OptionalText(field) switch
    {
        null => null,
        var text when Hash256.TryParse(text.ToLowerInvariant(), out var hash) => hash,
        _ => throw Damaged($"its {field} is not 64 hex digits"),
    };

    public string? OptionalText(string field) => Find(field) is { } value ? Text(field, value) : null;

    public List<string>? Texts(string field)
    {
        if (Find(field) is not { } array)
        {
            return null;
        }
        if (array.ValueKind != JsonValueKind.Array)
        {
            throw Damaged($"its {field} is no list");
        }
        return [.. array.EnumerateArray().Select(value => Text(field, value))];
    }

    /// <summary>A whole number in this range; 0 when it is not there.</summary>
    public long Number(string field, long min, long max)
    {
        if (Find(field) is not { } value)
        {
            return 0;
        }
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max
            ? number
            : throw Damaged($"its {field} is no number from {min} to {max}");
    }

    /// <summary>A count; 0 when it is not there.</summary>
    public ulong Count(string field)
    {
        if (Find(field) is not { } value)
        {
            return 0;
        }
        return value.ValueKind == JsonValueKind.Number && value.TryGetUInt64(out var number)
            ? number
            : throw Damaged($"its {field} is no count");
    }

    public bool Flag(string field) => Find(field) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        _ => throw Damaged($"its {field} is neither true nor false"),
    };

    /// <summary>An object that nothing depends on: null when it is not there or cannot be read.</summary>
    public T? OptionalObject<T>(string field, Func<JsonFile, T> read)
        where T : class
    {
        if (Find(field) is not { ValueKind: JsonValueKind.Object } value)
        {
            return null;
        }
        try
        {
            return read(new JsonFile(null, value, $"{what}'s {field}"));
        }
        catch (RepositoryException)
        {
            return null;
        }
    }

    public void Dispose() => document?.Dispose();

    private JsonElement? Find(string field)
    {
        try
        {
            return root.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
        }
        catch (InvalidOperationException cause)
        {
            // A field's name that is no Unicode.
            throw Damaged("a field has no valid name", cause);
        }
    }

    private string Text(string field, JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Damaged($"its {field} is no text");
        }
        catch (InvalidOperationException cause)
        {
            throw Damaged($"its {field} is no Unicode", cause);
        }
    }
}
