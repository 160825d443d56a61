using Larder.Engine.Browse;
using Larder.Sources;
using Larder.Sources.Files;

namespace Larder.Engine.Restore;

/// <summary>Writes one tree below a root.</summary>
internal static class TreeRestore
{
    /// <summary>Everything is on disk when this completes. Fails with <see cref="SourceException"/> for the root, naming it.</summary>
    public static async Task<TreeOutcome> WriteAsync(
        ReadableBackup backup,
        TreeStep step,
        string root,
        FileTreeWriterOptions options,
        RunProgress progress,
        CancellationToken cancellationToken)
    {
        try
        {
            using var writer = new FileTreeWriter(root, options);
            using var sink = new FolderSink(writer);
            var pump = new NodePump(backup, sink, progress);

            // Off the caller's thread: writing never waits for anything but the disk.
            await Task.Run(
                () => pump.RunAsync(TreeStart.WalkAsync(backup, step.Starts, cancellationToken), cancellationToken), cancellationToken);
            await writer.FinishAsync(cancellationToken);
            return new TreeOutcome(pump.Files, pump.Bytes, [.. writer.Warnings, .. sink.Warnings], sink.Warnings.Count == 0);
        }
        catch (SourceException e)
        {
            throw new SourceException(e.Error, $"Source \"{step.Source.Name}\" cannot be restored to {step.Root}: {e.Message}", e);
        }
    }
}

/// <param name="IsAsListed">Whether every file has the length that the listing says.</param>
internal sealed record TreeOutcome(long Files, long Bytes, IReadOnlyList<SourceWarning> Warnings, bool IsAsListed);
