using Larder.Sources.Files;

namespace Larder.Sources.Tests.Files;

/// <summary>Reads sources in tests, and carries what they hand over to a writer, as the engine does.</summary>
internal static class FilesCopy
{
    public sealed record Reading(List<SourceEntry> Entries, Dictionary<string, byte[]> Contents, SourceOutcome Outcome)
    {
        public List<string> Paths => [.. Entries.Select(entry => entry.Path.ToString())];
    }

    public static async Task<Reading> ReadAsync(FilesSettings settings, Action<SourceEntry>? beforeOpening = null)
    {
        await using var session = await new FilesSource(settings).OpenAsync(default);
        var entries = new List<SourceEntry>();
        var contents = new Dictionary<string, byte[]>();
        await foreach (var entry in session.ReadEntriesAsync(default))
        {
            entries.Add(entry);
            beforeOpening?.Invoke(entry);
            if (entry.OpenContent is null)
            {
                continue;
            }
            try
            {
                await using var stream = await entry.OpenContent(default);
                using var copy = new MemoryStream();
                await stream.CopyToAsync(copy);
                contents.Add(entry.Path.ToString(), copy.ToArray());
            }
            catch (SourceException exception) when (exception.SkipsEntry)
            {
            }
        }
        return new Reading(entries, contents, await session.CompleteAsync(default));
    }

    /// <summary>
    /// Reads one folder and writes it so that it lies in <paramref name="target"/> as it lies in <paramref name="source"/>.
    /// </summary>
    public static async Task<IReadOnlyList<SourceWarning>> CopyAsync(string source, string target, FileTreeWriterOptions? options = null)
    {
        await using var session = await new FilesSource(new FilesSettings { Paths = [source], IncludeGit = true }).OpenAsync(default);
        using var writer = new FileTreeWriter(target, options ?? new FileTreeWriterOptions());
        var firstNames = new Dictionary<(ulong, ulong), EntryPath>();
        var buffer = new byte[100_003]; // Odd on purpose: blocks of the file do not fall on borders of the buffer.
        await foreach (var entry in session.ReadEntriesAsync(default))
        {
            if (entry.Path.Bytes.Length <= source.Length - 1)
            {
                continue;
            }
            var path = new EntryPath(entry.Path.Bytes[source.Length..].ToArray());
            var attributes = entry.Attributes;
            if (attributes.Type != EntryType.Directory && attributes.Links > 1
                && !firstNames.TryAdd((attributes.DeviceId, attributes.Inode), path))
            {
                writer.CreateHardLink(path, firstNames[(attributes.DeviceId, attributes.Inode)]);
                continue;
            }
            switch (attributes.Type)
            {
                case EntryType.Directory:
                    writer.CreateDirectory(path, attributes);
                    break;
                case EntryType.Symlink:
                    writer.CreateSymlink(path, attributes);
                    break;
                case EntryType.File:
                    await using (var stream = await entry.OpenContent!(default))
                    {
                        using var file = writer.BeginFile(path, attributes, (long)attributes.SizeBytes);
                        int read;
                        while ((read = await stream.ReadAsync(buffer)) > 0)
                        {
                            await file.WriteAsync(buffer.AsMemory(0, read));
                        }
                        await file.CompleteAsync();
                    }
                    break;
                default:
                    writer.CreateSpecial(path, attributes);
                    break;
            }
        }
        await writer.FinishAsync(default);
        Assert.Empty((await session.CompleteAsync(default)).Warnings);
        return writer.Warnings;
    }
}
