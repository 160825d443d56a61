using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Larder.Api;

/// <summary>
/// The body of a download. Its headers are sent with the first byte and not before, so what fails at once is answered as a problem; what
/// fails later breaks the connection off, so half a file never looks like a whole one.
/// </summary>
/// <remarks>
/// Memory: 1 MiB between who writes and the network. Who writes may do so synchronously, as the writer of SQL does: it has a thread of the
/// pool for that.
/// </remarks>
internal sealed class Download(HttpContext context, string name)
{
    private const int BytesBetween = 1 << 20;

    public async Task SendAsync(Func<Stream, CancellationToken, Task> write)
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: BytesBetween, resumeWriterThreshold: BytesBetween / 2));
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var writing = Task.Run(() => WriteAsync(pipe.Writer, write, stopping.Token), CancellationToken.None);
        try
        {
            var first = await pipe.Reader.ReadAsync(context.RequestAborted);
            pipe.Reader.AdvanceTo(first.Buffer.Start);
            context.Response.ContentType = name.EndsWith(".gz", StringComparison.Ordinal) ? "application/gzip" : "application/octet-stream";
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
            await pipe.Reader.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        finally
        {
            await stopping.CancelAsync();
            await pipe.Reader.CompleteAsync();
            await writing;
        }
    }

    /// <summary>Never fails itself: who reads meets the failure.</summary>
    private static async Task WriteAsync(
        PipeWriter writer, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = writer.AsStream(leaveOpen: true);
            await write(stream, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await writer.CompleteAsync();
        }
        catch (Exception e)
        {
            await writer.CompleteAsync(e);
        }
    }
}
