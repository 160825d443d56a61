namespace Larder.Engine.Restore.Transaction;

/// <summary>The folder of the journals of restores.</summary>
internal sealed class RestoreFolder(string stateDirectory)
{
    private const string Suffix = ".jsonl";

    public string FullPath { get; } = Path.Combine(stateDirectory, "restores");

    public string JournalOf(string runId) => Path.Combine(FullPath, runId + Suffix);

    /// <summary>The file of a URL with its password, for who has to go back.</summary>
    public string UrlOf(string runId) => Path.Combine(FullPath, runId + ".url");

    /// <summary>Fails with <see cref="IOException"/> where the restore was given none.</summary>
    public Task<string> ReadUrlAsync(string runId, CancellationToken cancellationToken) =>
        File.ReadAllTextAsync(UrlOf(runId), cancellationToken);

    public void Create() => Directory.CreateDirectory(
        FullPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    /// <summary>Every restore that has a journal, newest first. A journal that cannot be read is left out.</summary>
    public IReadOnlyList<JournaledRestore> ReadAll()
    {
        if (!Directory.Exists(FullPath))
        {
            return [];
        }
        var found = new List<JournaledRestore>();
        foreach (var path in Directory.EnumerateFiles(FullPath, "*" + Suffix))
        {
            try
            {
                if (RestoreJournal.Look(path) is { } restore)
                {
                    found.Add(restore);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody else's, or just removed.
            }
        }
        return [.. found.OrderByDescending(restore => restore.Record.StartedAt)];
    }

    /// <summary>
    /// Removes what was being written when its process was killed. Who writes holds it, and it has no name of its own yet.
    /// </summary>
    /// <returns>What was removed.</returns>
    public IReadOnlyList<string> RemoveLeftovers()
    {
        var removed = new List<string>();
        foreach (var path in Directory.Exists(FullPath) ? Directory.EnumerateFiles(FullPath, ".*") : [])
        {
            try
            {
                using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                {
                    File.Delete(path);
                }
                removed.Add(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Being written at this moment, or somebody else's.
            }
        }
        return removed;
    }

    /// <summary>Removes the journal of a restore of which nothing is kept.</summary>
    public void Remove(string runId)
    {
        File.Delete(UrlOf(runId));
        File.Delete(JournalOf(runId));
    }
}
