namespace Larder.Sources.PostgreSql;

/// <summary>What a database holds and its dump does not.</summary>
internal static class DumpGaps
{
    private const string Warning = "pg_dump: warning: ";

    /// <param name="database">Its name.</param>
    /// <param name="excluded">The settings' patterns.</param>
    /// <param name="readsSecrets">Whether the user may read what only superusers may.</param>
    /// <param name="toc">What is in the dump.</param>
    /// <param name="said">pg_dump's standard error.</param>
    public static IEnumerable<SourceWarning> Find(
        string database, IReadOnlyList<string> excluded, bool readsSecrets, ArchiveToc toc, string said)
    {
        var folder = DatabaseFolder.Encode(database);
        foreach (var pattern in excluded)
        {
            yield return new SourceWarning(folder, $"Tables that match \"{pattern}\" were left out, as the settings wish.");
        }
        foreach (var table in toc.Entries.Where(entry => entry.Kind == "FOREIGN TABLE"))
        {
            yield return new SourceWarning(
                ObjectName.Of(database, table.Schema ?? "", table.Tag ?? ""),
                "The rows of a foreign table are on the server that it points to.");
        }
        if (!readsSecrets && toc.Entries.Any(entry => entry.Kind == "USER MAPPING"))
        {
            yield return new SourceWarning(
                folder,
                "The options of user mappings, such as passwords on foreign servers, are not in it: only superusers may read them.");
        }
        foreach (var line in said.Split('\n', StringSplitOptions.TrimEntries).Where(IsGap))
        {
            yield return new SourceWarning(folder, $"pg_dump said: {line[Warning.Length..].TrimEnd('.')}.");
        }
    }

    // Of circular foreign keys it warns whoever restores rows without definitions; nothing is missing.
    private static bool IsGap(string line) =>
        line.StartsWith(Warning, StringComparison.Ordinal) && !line.Contains("circular foreign-key", StringComparison.Ordinal);
}
