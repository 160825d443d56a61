namespace Larder.Sources.Dumps;

/// <summary>
/// Writes a database of a dump as one script of SQL that the engine's own client runs, without a server. Safe for concurrent use.
/// </summary>
public interface IDumpScript
{
    /// <summary>The databases in a dump, by the names that they had, in order.</summary>
    Task<IReadOnlyList<string>> ListAsync(IStoredDump dump, CancellationToken cancellationToken);

    /// <summary>
    /// Writes definitions, rows, and what comes after the rows. Fails with <see cref="SourceError.Damaged"/> where the dump is not whole.
    /// </summary>
    /// <param name="dump">The stored files.</param>
    /// <param name="database">One of <see cref="ListAsync"/>.</param>
    /// <param name="output">Where to; not closed.</param>
    /// <param name="advance">Told how many bytes more were read.</param>
    /// <param name="cancellationToken">Ends it; what was written is no whole script then.</param>
    Task WriteAsync(IStoredDump dump, string database, Stream output, Action<long> advance, CancellationToken cancellationToken);
}
