using System.Collections.Concurrent;
using Microsoft.Win32.SafeHandles;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// The writing end of a named pipe, on a thread of its own for as long as it is open: the kernel can only wait there, for a reader and for
/// room. (.NET's asynchronous pipe streams were tried: of 3,000 short pipes one after the other, some write was never woken.)
/// There are as many at once as pg_restore has jobs.
/// </summary>
internal sealed class PipeFile : Stream
{
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
        using (var file = new FileStream(handle, FileAccess.Write, bufferSize: 0))
        {
            opened.SetResult();
            foreach (var (bytes, done) in pieces.GetConsumingEnumerable())
            {
                try
                {
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
}
