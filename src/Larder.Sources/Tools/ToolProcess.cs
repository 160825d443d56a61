using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipelines;
using Larder.Sources.Native;

namespace Larder.Sources.Tools;

/// <summary>
/// A running program: its standard output as a pipe, the end of its standard error, and its exit status, which must be asked
/// (<see cref="CompleteAsync"/>). It runs in a session and process group of its own, and disposing ends the whole group.
/// Its standard input is empty, or what the caller writes.
/// </summary>
public sealed class ToolProcess : IAsyncDisposable
{
    // Each read that waits costs two changes of threads, so the kernel's pipe is widened from 64 KiB to what Linux lets everybody have.
    // 1 MiB in the kernel + 256 KiB a read + up to 1 MiB waiting for the reader + 128 KiB for standard error: a program takes 2.4 MiB.
    private const int KernelPipeBytes = 1024 * 1024;
    private const int ReadBytes = 256 * 1024;
    private const int WaitingBytesMax = 1024 * 1024;
    private const int ErrorTailBytes = 64 * 1024;
    private const int ErrorLineBytesMax = 64 * 1024;
    private const int ShownErrorCharacters = 2000;

    // A shell waits in the program's group for the end of a pipe that this process holds open and never writes to, then ends the group.
    private const string Watcher =
        "exec 3<&0; (read -r line <&3; kill -KILL 0) >/dev/null 2>&1 & exec 3<&-; exec \"$0\" \"$@\" </dev/null";

    private readonly ToolStart start;
    private readonly TimeProvider clock;
    private readonly Process process;
    private readonly ProcessGroup group;
    private readonly Pipe pipe = new(new PipeOptions(
        pauseWriterThreshold: WaitingBytesMax,
        resumeWriterThreshold: WaitingBytesMax / 2,
        minimumSegmentSize: ReadBytes,
        useSynchronizationContext: false));

    private readonly TailBuffer errors = new(ErrorTailBytes);
    private readonly CancellationTokenSource disposal = new();
    private readonly Task exit;
    private readonly Task<bool> output;
    private readonly Task<bool> errorOutput;
    private readonly ITimer? timer;
    private volatile bool timedOut;
    private int disposed;

    private ToolProcess(ToolStart start, TimeProvider clock, Process process)
    {
        this.start = start;
        this.clock = clock;
        this.process = process;
        group = new ProcessGroup(process.Id);
        if (start is { HasInput: false, EndsWithUs: false })
        {
            process.StandardInput.Close(); // Otherwise it is what the caller writes to, or what the watcher listens to.
        }
        exit = WaitForExitAsync();
        output = Task.Run(PumpOutputAsync);
        errorOutput = Task.Run(PumpErrorsAsync);
        if (start.Timeout is { } timeout)
        {
            timer = clock.CreateTimer(_ => OnTimeout(), null, timeout, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Its process id, which is also its group's.</summary>
    public int Id => group.Id;

    /// <summary>
    /// What it reads, where <see cref="ToolStart.HasInput"/>; disposing is the end of its input. Writing fails with
    /// <see cref="IOException"/> when the program has closed it; <see cref="CompleteAsync"/> then says why.
    /// </summary>
    public Stream Input => process.StandardInput.BaseStream;

    /// <summary>
    /// What it writes, held back while more than 1 MiB waits to be read. Reading fails with <see cref="SourceException"/> when the time is
    /// up.
    /// The end of it does not yet mean success. Completing the reader early closes the pipe, which most programs die of.
    /// </summary>
    public PipeReader Output => pipe.Reader;

    /// <summary>The last 64 KiB of its standard error.</summary>
    public string ErrorText => errors.ToString();

    /// <summary>Starts the program. Fails with <see cref="SourceException"/>: <see cref="SourceError.ToolMissing"/>.</summary>
    public static ToolProcess Start(ToolStart start, TimeProvider clock)
    {
        var program = ProgramPath.Find(start.Program)
            ?? throw new SourceException(
                SourceError.ToolMissing, $"{start.ShownName} needs the program {start.Program}, which is not installed.");
        var setsid = ProgramPath.Find("setsid")
            ?? throw new SourceException(
                SourceError.ToolMissing, $"{start.ShownName} needs the program setsid (package util-linux), which is not installed.");

        // setsid makes a new session and process group, then becomes the program: the process id stays the same and names the group.
        string[] watched = start.EndsWithUs ? ["/bin/sh", "-c", Watcher, program] : [program];
        var info = new ProcessStartInfo(setsid, [.. watched, .. start.Arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = start.WorkingFolder ?? "",
        };
        foreach (var (name, value) in start.Environment)
        {
            info.Environment[name] = value;
        }
        try
        {
            var started = Process.Start(info) ?? throw new SourceException(SourceError.ToolFailed, $"{start.ShownName} was not started.");
            return new ToolProcess(start, clock, started);
        }
        catch (Win32Exception error)
        {
            throw new SourceException(SourceError.ToolFailed, $"{start.ShownName} cannot be started: {error.Message}.", error);
        }
    }

    /// <summary>
    /// Waits for the end of the output and for the exit, and asks the status. The output must have been read, or its reader completed.
    /// Fails with <see cref="SourceException"/>: <see cref="SourceError.ToolFailed"/> for a bad status, a signal or an output that
    /// something else
    /// holds open; <see cref="SourceError.TimedOut"/>.
    /// </summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        var whole = await output.WaitAsync(cancellationToken);
        await errorOutput.WaitAsync(cancellationToken);
        if (whole || timedOut)
        {
            await exit.WaitAsync(cancellationToken);
        }
        if (timedOut)
        {
            throw DescribeTimeout();
        }
        if (!whole)
        {
            throw DescribeOpenOutput();
        }
        if (process.ExitCode != 0)
        {
            throw new SourceException(
                SourceError.ToolFailed, $"{start.ShownName} {ProcessGroup.DescribeStatus(process.ExitCode)}.{DescribeErrors()}");
        }
    }

    private async Task WaitForExitAsync()
    {
        await process.WaitForExitAsync();
        group.NoteExit();
    }

    /// <returns>Whether the output came to its end, or its reader wanted no more.</returns>
    private async Task<bool> PumpOutputAsync()
    {
        Exception? failure = null;
        try
        {
            await using var stream = process.StandardOutput.BaseStream;
            Widen(stream);
            return await PumpAsync(stream, ReadBytes, WriteAsync);
        }
        catch (IOException error)
        {
            failure = new SourceException(
                SourceError.ToolFailed, $"The output of {start.ShownName} cannot be read: {error.Message}", error);
            throw failure;
        }
        finally
        {
            await pipe.Writer.CompleteAsync(timedOut ? DescribeTimeout() : failure);
        }

        async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            var flushed = await pipe.Writer.WriteAsync(bytes, disposal.Token);
            return !flushed.IsCompleted;
        }
    }

    /// <summary>A pipe that stays as narrow as it was works as well, only slower.</summary>
    private static void Widen(Stream stream)
    {
        if (stream is System.IO.Pipes.PipeStream { SafePipeHandle: var handle })
        {
            var added = false;
            handle.DangerousAddRef(ref added);
            _ = Libc.SetPipeSize((int)handle.DangerousGetHandle(), KernelPipeBytes);
            handle.DangerousRelease();
        }
    }

    private async Task<bool> PumpErrorsAsync()
    {
        await using var stream = process.StandardError.BaseStream;
        var lines = start.KeepErrorLine is { } keep ? new LineFilter(keep, errors, ErrorLineBytesMax) : null;
        var whole = await PumpAsync(stream, ErrorTailBytes, bytes =>
        {
            if (lines is null)
            {
                errors.Write(bytes.Span);
            }
            else
            {
                lines.Write(bytes.Span);
            }
            return ValueTask.FromResult(true);
        });
        lines?.Complete();
        return whole;
    }

    /// <summary>
    /// Reads to the end, until the writer wants no more (true), or until the program has exited and the stream stays silent but open
    /// (false).
    /// </summary>
    private async Task<bool> PumpAsync(Stream stream, int readBytes, Func<ReadOnlyMemory<byte>, ValueTask<bool>> write)
    {
        var buffer = new byte[readBytes]; // Its own, not the pipe's: a read that is given up may still write into it.
        try
        {
            while (true)
            {
                var read = stream.ReadAsync(buffer, CancellationToken.None).AsTask();
                if (!read.IsCompleted && await Task.WhenAny(read, exit).WaitAsync(disposal.Token) != read)
                {
                    await read.WaitAsync(start.DrainTimeout, clock, disposal.Token);
                }
                var count = await read;
                if (count == 0 || !await write(buffer.AsMemory(0, count)))
                {
                    return true;
                }
            }
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    private void OnTimeout()
    {
        timedOut = true;
        _ = EndAsync();
    }

    private async Task EndAsync()
    {
        group.AskToEnd();
        try
        {
            await exit.WaitAsync(start.GracePeriod, clock);
        }
        catch (TimeoutException)
        {
            // It ignores SIGTERM; the next signal cannot be ignored.
        }
        group.End();
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }
        if (timer is not null)
        {
            await timer.DisposeAsync();
        }
        await pipe.Reader.CompleteAsync();
        await EndAsync();
        await exit;
        await WaitUntilEmptyAsync();
        await disposal.CancelAsync();
        await ((Task)output).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ((Task)errorOutput).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        process.Dispose();
        disposal.Dispose();
    }

    /// <summary>A killed process needs a moment to die; bounded, because one that waits for a disk may need more.</summary>
    private async Task WaitUntilEmptyAsync()
    {
        var killed = clock.GetTimestamp();
        while (!group.IsEmpty && clock.GetElapsedTime(killed) < TimeSpan.FromSeconds(1))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), clock, CancellationToken.None);
        }
    }

    private SourceException DescribeTimeout() => new(
        SourceError.TimedOut,
        $"{start.ShownName} was ended because it took longer than {start.Timeout?.TotalSeconds:0.###} seconds.{DescribeErrors()}");

    private SourceException DescribeOpenOutput() => new(
        SourceError.ToolFailed,
        $"{start.ShownName} exited, but something it started still holds its output open after {start.DrainTimeout.TotalSeconds:0.###} "
        + "silent seconds.");

    private string DescribeErrors()
    {
        var text = ErrorText.Trim();
        if (text.Length == 0)
        {
            return "";
        }
        return $" It said: \"{(text.Length > ShownErrorCharacters ? "…" + text[^ShownErrorCharacters..] : text)}\".";
    }
}
