using System.ComponentModel;
using System.IO.Pipes;
using System.Text;
using Larder.Sources.Native;
using Microsoft.Win32.SafeHandles;

namespace Larder.Sources.PostgreSql.Restore;

/// <summary>
/// A folder that looks like a dump in the directory format to pg_restore, and whose data files are named pipes: pg_restore reads a table's
/// rows while they come from wherever they are stored, and nothing of them lies on this machine's disk. Only this user may look into it.
/// </summary>
internal sealed class PipeFolder : IDisposable
{
    private const uint PipeFile = 0x1000;
    private const uint OwnerOnly = 0x180; // rw-------

    // As ToolProcess widens its pipes: a write that waits costs two changes of threads.
    private const int KernelPipeBytes = 1024 * 1024;

    public string FullPath { get; } = Directory.CreateTempSubdirectory("larder-restore-").FullName; // It makes them for the owner alone.

    public string this[string name] => Path.Combine(FullPath, name);

    /// <summary>Makes an empty pipe; it takes a name in the folder and no room.</summary>
    public void MakePipe(string name) => Check(LibcFiles.MakeNode(Libc.AtFdCwd, Terminated(name), PipeFile | OwnerOnly, 0), "made", name);

    /// <summary>
    /// Waits until a reader has opened the pipe, and opens it for writing. The wait takes a thread, as no call of the kernel tells of a
    /// reader that waits; there are as many at once as pg_restore has workers that are about to read.
    /// </summary>
    public async Task<PipeStream> OpenWriterAsync(string name, CancellationToken cancellationToken)
    {
        var opening = Task.Factory.StartNew(
            () => LibcFiles.Open(Libc.AtFdCwd, Terminated(name), Libc.OpenWriteOnly),
            CancellationToken.None,
            TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach,
            TaskScheduler.Default);
        try
        {
            var descriptor = Check(await opening.WaitAsync(cancellationToken), "opened", name);
            return Wrap(descriptor);
        }
        catch (OperationCanceledException)
        {
            // A reader of our own lets the waiting call return, however late it begins to wait.
            using var reader = new LibcDescriptor(
                LibcFiles.Open(Libc.AtFdCwd, Terminated(name), Libc.OpenReadOnly | Libc.OpenNonBlocking));
            using var writer = new LibcDescriptor(await opening);
            throw;
        }
    }

    /// <summary>Opens the pipe for writing where a reader waits at it now; null where none does.</summary>
    public PipeStream? TryOpenWriter(string name)
    {
        var descriptor = LibcFiles.Open(Libc.AtFdCwd, Terminated(name), Libc.OpenWriteOnly | Libc.OpenNonBlocking);
        return descriptor < 0 ? null : Wrap(descriptor);
    }

    /// <summary>Takes a name away again; who has it open keeps it.</summary>
    public void Remove(string name) => File.Delete(this[name]);

    public void Dispose()
    {
        if (Directory.Exists(FullPath))
        {
            Directory.Delete(FullPath, recursive: true);
        }
    }

    private static AnonymousPipeClientStream Wrap(int descriptor)
    {
        _ = Libc.SetPipeSize(descriptor, KernelPipeBytes);
        return new AnonymousPipeClientStream(PipeDirection.Out, new SafePipeHandle(descriptor, ownsHandle: true));
    }

    private byte[] Terminated(string name) => LibcFiles.Terminate(Encoding.UTF8.GetBytes(this[name]));

    private int Check(int result, string what, string name) => result >= 0
        ? result
        : throw new SourceException(
            SourceError.TargetFailed,
            $"The pipe {this[name]} of the restore cannot be {what}: {LibcError.Describe(-result)}.",
            new Win32Exception(-result));
}
