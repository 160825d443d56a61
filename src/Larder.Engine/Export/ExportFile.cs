using System.Security.Cryptography;
using Larder.Sources;

namespace Larder.Engine.Export;

/// <summary>Where an export's bytes go: standard output, or a file that appears under its name when it is whole.</summary>
internal sealed class ExportFile : IAsyncDisposable
{
    private readonly string? target;
    private readonly string? temporary;
    private readonly bool force;
    private readonly FileStream? file;

    private ExportFile(Stream stream) => Stream = stream;

    private ExportFile(string target, bool force)
    {
        this.target = target;
        this.force = force;
        temporary = Path.Combine(
            Path.GetDirectoryName(target)!,
            $".{Path.GetFileName(target)}.larder-exporting-{RandomNumberGenerator.GetHexString(12, lowercase: true)}");
        file = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 1 << 17,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite, // What is in a backup is nobody else's business.
        });
        Stream = file;
    }

    public Stream Stream { get; }

    /// <summary>Fails with <see cref="SourceException"/>.</summary>
    public static ExportFile Open(ExportRequest request, Stream standardOutput)
    {
        if (request.To == ExportRequest.StandardOutput)
        {
            return new ExportFile(standardOutput);
        }
        var target = Path.GetFullPath(request.To);
        if (Directory.Exists(target))
        {
            throw new SourceException(SourceError.TargetExists, $"{target} is a folder, and a file is to be written there.");
        }
        RefuseToReplace(target, request.Force);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            return new ExportFile(target, request.Force);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Describe(target, e);
        }
    }

    public static void RefuseToReplace(string target, bool force)
    {
        if (!force && Path.Exists(target))
        {
            throw new SourceException(SourceError.TargetExists, $"{target} exists; --force would replace it.");
        }
    }

    /// <summary>What went wrong at the target, full disks told apart.</summary>
    public static SourceException Describe(string target, Exception e)
    {
        const int noSpace = 28;
        return (e.HResult & 0xFFFF) == noSpace || e.Message.StartsWith("No space left", StringComparison.Ordinal)
            ? new SourceException(SourceError.TargetFull, $"{target} cannot be written: its disk is full.", e)
            : new SourceException(SourceError.TargetFailed, $"{target} cannot be written: {e.Message}", e);
    }

    /// <summary>Makes it durable and gives it its name.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await Stream.FlushAsync(cancellationToken);
        if (file is null)
        {
            return;
        }
        file.Flush(flushToDisk: true);
        await file.DisposeAsync();
        File.Move(temporary!, target!, overwrite: force);
    }

    public async ValueTask DisposeAsync()
    {
        if (file is not null)
        {
            await file.DisposeAsync();
            File.Delete(temporary!);
        }
    }
}
