using Larder.Engine.Backups;
using Larder.Engine.Catalog;
using Larder.Engine.Errors;
using Larder.Engine.Maintenance;

namespace Larder.Engine.Verify;

/// <summary>What a verification has found so far.</summary>
internal sealed class VerifyTally(RunJournal journal)
{
    private readonly List<VerifyFinding> errors = [];
    private readonly List<string> hints = [];

    public VerifyCounts Counts { get; set; } = new();

    public IReadOnlyList<VerifyFinding> Errors => errors;

    public IReadOnlyList<string> Hints => hints;

    public void Add(VerifyFinding finding)
    {
        errors.Add(finding);
        journal.Append(EventLevel.Error, $"{finding.Code} {finding.Message}");
    }

    /// <summary>Something that could not be looked at, or turned out damaged when it was read.</summary>
    public void Add(string repository, Exception exception, string? file, params IReadOnlyList<AffectedBackup> backups) =>
        Add(Finding(repository, RepositoryFailure.Describe(repository, exception), file, backups));

    public void Add(RepositoryFailure failure) => Add(Finding(failure.Repository, failure.Error, null, []));

    /// <summary>Content that is not what the manifest says.</summary>
    public void Differs(string repository, Backup backup, string file, string message) => Add(new VerifyFinding
    {
        Code = ErrorTable.Row(EngineError.VerificationFoundDamage).Code,
        Message = message,
        File = file,
        Repository = repository,
        Backups = [Affected(backup)],
        ExitStatus = ExitStatus.Damage,
    });

    public void Hint(string sentence)
    {
        if (!hints.Contains(sentence))
        {
            hints.Add(sentence);
        }
    }

    public static AffectedBackup Affected(Backup backup) => new(backup.ShortId, backup.Timestamp, backup.Job);

    private static VerifyFinding Finding(string repository, ErrorReport error, string? file, IReadOnlyList<AffectedBackup> backups) => new()
    {
        Code = error.Code,
        Message = error.Message,
        File = file,
        Repository = repository,
        Backups = backups,
        ExitStatus = error.ExitStatus,
    };
}
