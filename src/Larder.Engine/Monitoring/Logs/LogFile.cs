using System.Globalization;
using System.Text;

namespace Larder.Engine.Monitoring.Logs;

/// <summary>
/// A log file of lines that several processes may write. One that has grown too large is put aside as <c>NAME.1</c>, that as <c>NAME.2</c>
/// and so on; the oldest goes.
/// </summary>
public sealed class LogFile
{
    private readonly string path;
    private readonly long bytesMax;
    private readonly int keep;
    private readonly Lock oneAtATime = new();

    /// <param name="path">Its folder is made when it is not there; only its owner may read it and what was put aside.</param>
    /// <param name="bytesMax">A file that is larger is put aside before the next line.</param>
    /// <param name="keep">How many that were put aside are kept.</param>
    public LogFile(string path, long bytesMax, int keep) => (this.path, this.bytesMax, this.keep) = (path, bytesMax, keep);

    /// <summary>Appends whole lines.</summary>
    /// <exception cref="IOException">It cannot be written; likewise <see cref="UnauthorizedAccessException"/>.</exception>
    public void Append(string lines)
    {
        lock (oneAtATime)
        {
            var folder = Path.GetDirectoryName(path)!;
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
            if (new FileInfo(path) is { Exists: true } file && file.Length > bytesMax)
            {
                PutAside();
            }

            // One write of whole lines at the end of the file: what two processes write at once does not mix.
            using var stream = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Append,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            stream.Write(Encoding.UTF8.GetBytes(lines));
        }
    }

    private void PutAside()
    {
        if (keep == 0)
        {
            File.Delete(path);
            return;
        }
        for (var number = keep - 1; number >= 1; number--)
        {
            if (File.Exists(Aside(number)))
            {
                File.Move(Aside(number), Aside(number + 1), overwrite: true);
            }
        }
        File.Move(path, Aside(1), overwrite: true);
    }

    private string Aside(int number) => string.Create(CultureInfo.InvariantCulture, $"{path}.{number}");
}
