namespace Larder.Sources.MongoDb;

/// <summary>Which collections are left out, by <c>database.collection</c> with <c>*</c> for any text.</summary>
internal sealed class NamePatterns(IReadOnlyList<string> patterns)
{
    public bool Match(string database, string collection) =>
        patterns.Any(pattern => Matches(pattern, $"{database}.{collection}"));

    private static bool Matches(string pattern, string name)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        if (star < 0)
        {
            return pattern == name;
        }
        if (!name.StartsWith(pattern[..star], StringComparison.Ordinal))
        {
            return false;
        }
        var parts = pattern[(star + 1)..].Split('*');
        var at = star;
        foreach (var part in parts[..^1])
        {
            var found = name.IndexOf(part, at, StringComparison.Ordinal);
            if (found < 0)
            {
                return false;
            }
            at = found + part.Length;
        }
        return name.Length - at >= parts[^1].Length && name.EndsWith(parts[^1], StringComparison.Ordinal);
    }
}
