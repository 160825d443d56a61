using Larder.Engine.Errors;

namespace Larder.Engine.Backups;

/// <summary>The backup that was made before a deployment, which `rollback --to-deploy` restores.</summary>
public static class DeployBackup
{
    public const string Tag = "pre-deploy";

    /// <exception cref="LarderException"><see cref="EngineError.UnknownBackup"/>: none has the tag.</exception>
    public static Backup Newest(IEnumerable<Backup> backups) =>
        backups.Where(backup => backup.Tags.Contains(Tag)).MaxBy(backup => backup.CreatedAt)
        ?? throw new LarderException(EngineError.UnknownBackup, $"No backup has the tag \"{Tag}\".");
}
