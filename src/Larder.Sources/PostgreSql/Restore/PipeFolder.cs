using System.ComponentModel;
using System.Text;
using Larder.Sources.Native;
using Larder.Sources.Tools;
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

    private readonly PrivateFolder folder = PrivateFolder.Create();

    public string FullPath => folder.FullPath;

    public string this[string name] => folder[name];

    /// <summary>Makes an empty pipe; it takes a name in the folder and no room.</summary>
    public void MakePipe(string name) => Check(LibcFiles.MakeNode(Libc.AtFdCwd, Terminated(name), PipeFile | OwnerOnly, 0), "made", name);

    /// <summary>Waits until a reader has opened the pipe, and opens it for writing.</summary>
    public async Task<PipeFile> OpenWriterAsync(string name, CancellationToken cancellationToken)
    {
        var file = new PipeFile(() => Open(name));
        try
        {
            await file.Opened.WaitAsync(cancellationToken);
            return file;
        }
        catch
        {
            // A reader of our own lets the waiting call return, however late it begins to wait.
            using var reader = new LibcDescriptor(
                LibcFiles.Open(Libc.AtFdCwd, Terminated(name), Libc.OpenReadOnly | Libc.OpenNonBlocking));
            await file.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens the pipe for writing where a reader waits at it now; null where none does.</summary>
    public PipeFile? TryOpenWriter(string name)
    {
        var descriptor = LibcFiles.Open(Libc.AtFdCwd, Terminated(name), Libc.OpenWriteOnly | Libc.OpenNonBlocking);
        if (descriptor < 0)
        {
            return null;
        }
        _ = Libc.SetBlocking(descriptor, Libc.OpenWriteOnly);
        return new PipeFile(() => new SafeFileHandle(descriptor, ownsHandle: true));
    }

    /// <summary>Takes a name away again; who has it open keeps it.</summary>
    public void Remove(string name) => File.Delete(this[name]);

    public void Dispose() => folder.Dispose();

    private SafeFileHandle Open(string name) =>
        new(Check(LibcFiles.Open(Libc.AtFdCwd, Terminated(name), Libc.OpenWriteOnly), "opened", name), ownsHandle: true);

    private byte[] Terminated(string name) => LibcFiles.Terminate(Encoding.UTF8.GetBytes(this[name]));

    private int Check(int result, string what, string name) => result >= 0
        ? result
        : throw new SourceException(
            SourceError.TargetFailed,
            $"The pipe {this[name]} of the restore cannot be {what}: {LibcError.Describe(-result)}.",
            new Win32Exception(-result));
}
