using System.Security.Cryptography;
using Larder.Sources.Exchanges;
using Larder.Sources.Native;

namespace Larder.Sources.Files;

/// <summary>
/// One file that is written beside its place, to be checked before it is put there. Disposing removes it, unless it has been renamed
/// away; what has taken its name meanwhile is not touched (an exchange leaves the old database there).
/// </summary>
public sealed class RestoredCopy : IDisposable
{
    private readonly MadeFolders parents;
    private readonly FileTreeWriter writer;
    private readonly FileTarget file;
    private readonly bool isKept;
    private (ulong DeviceId, ulong Inode)? written;

    private RestoredCopy(string folder, string name, EntryAttributes attributes, long bytes, bool isKept)
    {
        this.isKept = isKept;
        FullPath = Path.Combine(folder, name);
        parents = MadeFolders.Make(folder);
        try
        {
            // Without holes, so that a full disk is known before the first byte.
            writer = new FileTreeWriter(folder, new FileTreeWriterOptions
            {
                Overwrite = false,
                Sparse = false,
                UnfinishedName = isKept ? name + SiblingNames.UnfinishedSuffix : null,
            });
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
    public static RestoredCopy Begin(string target, EntryAttributes attributes, long bytes)
    {
        target = Path.GetFullPath(target);
        var name = $".{Path.GetFileName(target)}.larder-restoring-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        return new(Path.GetDirectoryName(target)!, name, attributes, bytes, isKept: false);
    }

    /// <summary>
    /// Begins the file that an exchange knows as <see cref="ExchangePart.Beside"/>. Once completed it stays there after disposing.
    /// What a killed process leaves of it is removed by <see cref="IExchange.ForgetAsync"/>. Fails with <see cref="SourceException"/>,
    /// <see cref="SourceError.TargetExists"/> where something has the name.
    /// </summary>
    public static RestoredCopy BeginAt(string beside, EntryAttributes attributes, long bytes) =>
        new(Path.GetDirectoryName(beside)!, Path.GetFileName(beside), attributes, bytes, isKept: true);

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
        if (isKept && written is not null)
        {
            return;
        }
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
