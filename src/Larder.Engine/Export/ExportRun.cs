using Larder.Engine.Browse;
using Larder.Engine.Restore;

namespace Larder.Engine.Export;

/// <summary>Writes a backup as files that other tools read.</summary>
public static class ExportRun
{
    /// <summary>The words of `--format`, as <see cref="ExportFormat"/>; null for a word that is none.</summary>
    public static ExportFormat? ParseFormat(string word) => word switch
    {
        "native" => ExportFormat.Native,
        "tar.gz" => ExportFormat.TarGz,
        "sql.gz" => ExportFormat.SqlGz,
        _ => null,
    };

    /// <summary>
    /// Reads under a shared lock. A file appears at its place only when it is whole. Fails with
    /// <see cref="Larder.Sources.SourceException"/> (<see cref="Larder.Sources.SourceError.TargetExists"/> where something stands there and
    /// there is no force), <see cref="Larder.Repository.RepositoryException"/> and <see cref="Errors.LarderException"/>.
    /// </summary>
    /// <param name="standardOutput">Where <c>-</c> writes; flushed, not closed.</param>
    public static async Task<ExportResult> ExecuteAsync(
        EngineContext context, ExportRequest request, Stream standardOutput, RunProgress progress, CancellationToken cancellationToken)
    {
        var began = context.Clock.GetTimestamp();
        var backup = await ReadableBackup.OpenAsync(context, request.Backup, request.Repository, cancellationToken);
        var result = await HeldReading.RunAsync(
            backup,
            context,
            (held, token) => new ExportExecution(context, held, request, standardOutput, progress).RunAsync(token),
            cancellationToken);
        return result with { DurationSeconds = Math.Round(context.Clock.GetElapsedTime(began).TotalSeconds, 3) };
    }
}
