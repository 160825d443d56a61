using Larder.Repository.Maintenance;

namespace Larder.Engine.Verify;

/// <summary>How deep a verification looks. Each level includes those before it.</summary>
public enum VerifyLevel
{
    /// <summary>Every file is there and as long as it should be, and every reference leads somewhere.</summary>
    Structure,

    /// <summary>Packs are read, decrypted and hashed: all of them, or a share.</summary>
    Data,

    /// <summary>Dumps are parsed and compared with what the manifest recorded.</summary>
    Content,
}

/// <summary>What is to be verified.</summary>
public sealed record VerifyRequest
{
    /// <summary>
    /// Names of backups. Empty: whole repositories, and for <see cref="VerifyLevel.Content"/> the newest good backup of each job in each of
    /// them.
    /// </summary>
    public IReadOnlyList<string> Backups { get; init; } = [];

    /// <summary>
    /// Names of jobs: all their backups, and for <see cref="VerifyLevel.Content"/> the newest good one of each. Not together with
    /// <see cref="Backups"/>.
    /// </summary>
    public IReadOnlyList<string> Jobs { get; init; } = [];

    /// <summary>A repository's name in the configuration; null for all.</summary>
    public string? Repository { get; init; }

    public VerifyLevel Level { get; init; } = VerifyLevel.Data;

    /// <summary>Which share of the packs is read, from <see cref="VerifyLevel.Data"/> on.</summary>
    public CheckSubset Subset { get; init; } = CheckSubset.Whole;
}
