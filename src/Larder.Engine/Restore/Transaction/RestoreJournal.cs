using System.Text;
using System.Text.Json;
using Larder.Engine.Errors;
using Larder.Sources.Files;

namespace Larder.Engine.Restore.Transaction;

/// <summary>
/// The journal of one restore: lines of JSON in <c>STATE/restores/RUN.jsonl</c>, each on disk before what it announces is done. Whoever
/// holds it is the one who works on that restore; the system gives it up when the process ends, however it ends. Not safe for concurrent
/// use.
/// </summary>
internal sealed class RestoreJournal : IDisposable
{
    private readonly string path;
    private readonly FileStream file;
    private readonly TimeProvider clock;
    private readonly List<JournalLine> lines;

    private RestoreJournal(string path, FileStream file, TimeProvider clock, List<JournalLine> lines) =>
        (this.path, this.file, this.clock, this.lines) = (path, file, clock, lines);

    /// <summary>As it is now.</summary>
    public JournaledRestore Restore => JournaledRestore.Of(lines)!;

    public RestoreRecord Record => lines[0].Restore!;

    /// <summary>
    /// Begins a journal. Fails with <see cref="EngineError.LocalFileFailed"/> where it cannot be written: without it there is no way back
    /// after a kill, so nothing may be done.
    /// </summary>
    /// <param name="url">The URL that was given as the target, a secret; null for none.</param>
    public static RestoreJournal Begin(RestoreFolder folder, RestoreRecord record, string? url, TimeProvider clock)
    {
        try
        {
            folder.Create();
            // Held from the moment when it has its name: a journal that nobody holds is that of a process that died.
            var (path, first) = (folder.JournalOf(record.RunId), new JournalLine { At = clock.GetUtcNow(), Restore = record });
            var journal = new RestoreJournal(path, DurableFile.CreateHeld(path, Line(first)), clock, [first]);
            journal.KeepUrl(folder, url);
            return journal;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LarderException(
                EngineError.LocalFileFailed,
                $"The journal of the restore cannot be written to {folder.FullPath}, so nothing was begun: {e.Message}",
                e);
        }
    }

    /// <summary>After the journal, whose end takes it along: a secret that belongs to no journal would stay for ever.</summary>
    private void KeepUrl(RestoreFolder folder, string? url)
    {
        if (url is null)
        {
            return;
        }
        try
        {
            DurableFile.CreatePrivate(folder.UrlOf(Record.RunId), Encoding.UTF8.GetBytes(url));
        }
        catch
        {
            Dispose();
            folder.Remove(Record.RunId);
            throw;
        }
    }

    /// <summary>
    /// Takes the journal of a restore that nobody works on; null where somebody does, where it is gone, or where it never began.
    /// </summary>
    public static RestoreJournal? TryTake(string path, TimeProvider clock)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException e) when (HeldFile.IsReason(e))
        {
            return null;
        }
        var (lines, wholeBytes) = Read(file);
        if (JournaledRestore.Of(lines) is null)
        {
            file.Dispose();
            return null;
        }
        file.SetLength(wholeBytes);
        file.Seek(0, SeekOrigin.End);
        return new RestoreJournal(path, file, clock, lines);
    }

    /// <summary>What a journal says, without taking it; null where it never began.</summary>
    public static JournaledRestore? Look(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return JournaledRestore.Of(Read(file).Lines);
    }

    /// <summary>Notes that a step begins, does it, and notes that it ended well.</summary>
    /// <param name="stage">Which step.</param>
    /// <param name="part">Of which part; null where it concerns all.</param>
    /// <param name="act">Answers what it made, for the journal; null for nothing.</param>
    public async Task DoAsync(RestoreStage stage, int? part, Func<Task<string?>> act)
    {
        Note(new StageNote(stage, part, Ended: false, null));
        var detail = await act();
        Note(new StageNote(stage, part, Ended: true, detail));
    }

    /// <inheritdoc cref="DoAsync(RestoreStage, int?, Func{Task{string?}})"/>
    public Task DoAsync(RestoreStage stage, int? part, Func<Task> act) => DoAsync(stage, part, async () =>
    {
        await act();
        return null;
    });

    /// <summary>Notes that a step begins whose end is the end of the restore.</summary>
    public void NoteBegin(RestoreStage stage) => Note(new StageNote(stage, null, Ended: false, null));

    public void NoteEnd(RestoreEnd end) => Append(new JournalLine { At = clock.GetUtcNow(), End = end });

    public void Dispose() => file.Dispose();

    private void Note(StageNote note) => Append(new JournalLine { At = clock.GetUtcNow(), Stage = note });

    private void Append(JournalLine line)
    {
        try
        {
            file.Write(Line(line));
            file.Flush(flushToDisk: true);
        }
        catch (IOException e)
        {
            throw new LarderException(EngineError.LocalFileFailed, $"The journal {path} cannot be written: {e.Message}", e);
        }
        lines.Add(line);
    }

    private static byte[] Line(JournalLine line) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(line, JournalJsonContext.Default.JournalLine), (byte)'\n'];

    /// <summary>The whole lines. What a power cut left of one more was never acted upon.</summary>
    private static (List<JournalLine> Lines, long WholeBytes) Read(FileStream file)
    {
        var bytes = new byte[file.Length];
        var rest = bytes.AsSpan(0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
        var whole = 0L;
        var lines = new List<JournalLine>();
        while (rest.IndexOf((byte)'\n') is var end and >= 0)
        {
            try
            {
                lines.Add(JsonSerializer.Deserialize(rest[..end], JournalJsonContext.Default.JournalLine)!);
            }
            catch (JsonException)
            {
                break;
            }
            rest = rest[(end + 1)..];
            whole += end + 1;
        }
        return (lines, whole);
    }
}
