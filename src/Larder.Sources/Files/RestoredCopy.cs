using System.Security.Cryptography;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// One file that is written beside its place, to be checked before it is put there. Disposing removes it, unless it has been renamed away;
/// what has taken its name meanwhile is not touched (an exchange leaves the old database there).
/// </summary>
public sealed class RestoredCopy : IDisposable
{
    private readonly MadeFolders parents;
    private readonly FileTreeWriter writer;
    private readonly FileTarget file;
    private (ulong DeviceId, ulong Inode)? written;

    private RestoredCopy(string target, EntryAttributes attributes, long bytes)
    {
        var folder = Path.GetDirectoryName(target)!;
        var name = $".{Path.GetFileName(target)}.larder-restoring-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        FullPath = Path.Combine(folder, name);
        parents = MadeFolders.Make(folder);
        try
        {
            // Without holes, so that a full disk is known before the first byte.
            writer = new FileTreeWriter(folder, new FileTreeWriterOptions { Overwrite = false, Sparse = false });
            file = writer.BeginFile(new EntryPath(name), attributes, bytes);
        }
        catch
        {
            writer?.Dispose();
            parents.RemoveEmpty();
            throw;
        }
    }

    public string FullPath { get; }

    /// <summary>What could not be set, such as the owner.</summary>
    public IReadOnlyList<SourceWarning> Warnings => writer.Warnings;

    /// <summary>
    /// Begins a file in the target's folder, which is made where it is missing. Fails with <see cref="SourceException"/>.
    /// </summary>
    public static RestoredCopy Begin(string target, EntryAttributes attributes, long bytes) =>
        new(Path.GetFullPath(target), attributes, bytes);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => file.WriteAsync(bytes);

    /// <summary>Brings it to disk under <see cref="FullPath"/>.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await file.CompleteAsync();
        file.Dispose();
        written = Identity();
        await writer.FinishAsync(cancellationToken);
    }

    /// <summary>Renames it over what stands at the target.</summary>
    public void Publish(string target)
    {
        try
        {
            File.Move(FullPath, target, overwrite: true);
            LibcPath.FlushFolder(Path.GetDirectoryName(FullPath)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SourceException(SourceError.TargetFailed, $"The file {target} cannot be replaced: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        file.Dispose();
        writer.Dispose();
        if (written is { } own && File.Exists(FullPath) && Identity() == own)
        {
            File.Delete(FullPath);
        }
        parents.RemoveEmpty();
    }

    private (ulong DeviceId, ulong Inode) Identity()
    {
        var attributes = LibcPath.ReadAttributes(FullPath);
        return (attributes.DeviceId, attributes.Inode);
    }
}
