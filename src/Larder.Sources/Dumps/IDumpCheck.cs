namespace Larder.Sources.Dumps;

/// <summary>Reads the dumps of one engine without a server. Safe for concurrent use.</summary>
public interface IDumpCheck
{
    /// <summary>
    /// Parses every file of the dump and counts and fingerprints its rows again, in the same way as they were counted while dumping, so
    /// that the result can be compared with the manifest entry by entry. Fails with <see cref="SourceError.Damaged"/>, naming the file,
    /// where one does not parse.
    /// </summary>
    /// <param name="advance">Told how many bytes more were read.</param>
    Task<IReadOnlyList<EntryFacts>> ReadFactsAsync(IStoredDump dump, Action<long> advance, CancellationToken cancellationToken);
}
