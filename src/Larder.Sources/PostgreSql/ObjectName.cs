namespace Larder.Sources.PostgreSql;

/// <summary>
/// How the manifest names what is in a database: <c>database.schema.table</c>. A part with a dot or a quote in it is quoted as in SQL, so
/// that
/// no two objects share a name.
/// </summary>
public static class ObjectName
{
    /// <summary>What stands for all large objects of a database, which have no names.</summary>
    public const string LargeObjects = "large_objects";

    public static string Of(params ReadOnlySpan<string> parts)
    {
        var quoted = new string[parts.Length];
        for (var part = 0; part < parts.Length; part++)
        {
            quoted[part] = Quote(parts[part]);
        }
        return string.Join('.', quoted);
    }

    private static string Quote(string part) => part.AsSpan().ContainsAny('.', '"')
        ? $"\"{part.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : part;
}
