using System.Collections.Concurrent;
using Larder.Sources.Native;
using Microsoft.Win32.SafeHandles;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// The writing end of a named pipe, on a thread of its own for as long as it is open: the kernel can only wait there, for a reader and for
/// room. (.NET's asynchronous pipe streams were tried: of 3,000 short pipes one after the other, some write was never woken.)
/// There are as many at once as pg_restore has jobs.
/// </summary>
internal sealed class PipeFile : Stream
{
    // As ToolProcess widens its pipes.
    private const int KernelPipeBytes = 1024 * 1024;

    // Until then pg_restore takes 300 KB on a fast server, and three times as much waits for it.
    private const int LookMilliseconds = 2;

    private readonly BlockingCollection<(ReadOnlyMemory<byte> Bytes, TaskCompletionSource Done)> pieces = [];
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task thread;

    /// <param name="open">Opens it; it may wait for a reader.</param>
    public PipeFile(Func<SafeFileHandle> open) => thread = Task.Factory.StartNew(
        () => Work(open),
        CancellationToken.None,
        TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
        TaskScheduler.Default);

    /// <summary>Completes when a reader is there.</summary>
    public Task Opened => opened.Task;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// Completes when the kernel has taken the bytes. It is not cancellable; that there is no reader any more ends it with
    /// <see cref="IOException"/>.
    /// </summary>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        pieces.Add((buffer, done), CancellationToken.None);
        return new ValueTask(done.Task);
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    /// <summary>Closes the pipe, which is the end of the data to its reader.</summary>
    public override async ValueTask DisposeAsync()
    {
        pieces.CompleteAdding();
        await thread;
        pieces.Dispose();
        await base.DisposeAsync();
    }

    private void Work(Func<SafeFileHandle> open)
    {
        SafeFileHandle handle;
        try
        {
            handle = open();
        }
        catch (Exception error)
        {
            opened.SetException(error);
            return;
        }
        using (handle)
        using (var file = new FileStream(handle, FileAccess.Write, bufferSize: 0))
        {
            var descriptor = (int)handle.DangerousGetHandle(); // Ours until the end of this method.
            var pipeBytes = Libc.SetPipeSize(descriptor, KernelPipeBytes);
            opened.SetResult();
            foreach (var (bytes, done) in pieces.GetConsumingEnumerable())
            {
                try
                {
                    WaitForRoom(descriptor, pipeBytes, bytes.Length);
                    file.Write(bytes.Span);
                    done.SetResult();
                }
                catch (Exception error)
                {
                    done.SetException(error);
                }
            }
        }
    }

    /// <summary>
    /// Waits until all of a piece fits into the pipe, or nobody reads it any more. A writer that waits inside the call is woken for each
    /// page that is taken out of a full pipe, and pg_restore takes a page at a time: 250,000 changes of threads a gigabyte.
    /// </summary>
    private static void WaitForRoom(int descriptor, int pipeBytes, int bytes)
    {
        // One that could not be widened would be empty long before it is looked at again.
        while (pipeBytes >= KernelPipeBytes
            && pipeBytes - LibcPipe.CountWaiting(descriptor) < Math.Min(bytes, pipeBytes / 2)
            && !LibcPipe.WaitForReadersEnd(descriptor, LookMilliseconds))
        {
        }
    }
}
