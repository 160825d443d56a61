using Larder.Sources.Exchanges;

namespace Larder.Sources.Files;

/// <summary>
/// One file that is written under a name of its own, to be checked before it is put in its place. Disposing removes it where it was not
/// completed.
/// </summary>
public sealed class RestoredCopy : IDisposable
{
    private readonly MadeFolders parents;
    private readonly FileTreeWriter writer;
    private readonly FileTarget file;
    private bool isComplete;

    private RestoredCopy(string path, EntryAttributes attributes, long bytes)
    {
        var folder = Path.GetDirectoryName(path)!;
        FullPath = path;
        parents = MadeFolders.Make(folder);
        try
        {
            // Without holes, so that a full disk is known before the first byte.
            var name = Path.GetFileName(path);
            writer = new FileTreeWriter(
                folder, new FileTreeWriterOptions { Sparse = false, UnfinishedName = name + SiblingNames.UnfinishedSuffix });
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
    /// Begins a file, in a folder that is made where it is missing: the one that an exchange knows as <see cref="ExchangePart.Beside"/>.
    /// What a killed process leaves of it is removed by <see cref="IExchange.ForgetAsync"/>. Fails with <see cref="SourceException"/>.
    /// </summary>
    public static RestoredCopy Begin(string path, EntryAttributes attributes, long bytes) => new(Path.GetFullPath(path), attributes, bytes);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes) => file.WriteAsync(bytes);

    /// <summary>Brings it to disk under <see cref="FullPath"/>, where it stays.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await file.CompleteAsync();
        await writer.FinishAsync(cancellationToken);
        isComplete = true;
    }

    public void Dispose()
    {
        file.Dispose();
        writer.Dispose();
        if (!isComplete)
        {
            File.Delete(FullPath);
            parents.RemoveEmpty();
        }
    }
}
