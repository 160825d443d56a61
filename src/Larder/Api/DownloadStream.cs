using Larder.Engine.Export;
using Microsoft.AspNetCore.Http;

namespace Larder.Api;

/// <summary>
/// The body of a download. Its headers are sent with the first byte and not before, so what fails at once is answered as a problem.
/// </summary>
internal sealed class DownloadStream(HttpContext context, string name, ExportFormat format) : Stream
{
    private bool isBegun;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // Only what is asynchronous goes to the network; the compressor's own flush comes before more is written.
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) =>
        isBegun ? context.Response.Body.FlushAsync(cancellationToken) : Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Begin();
        return context.Response.Body.WriteAsync(buffer, cancellationToken);
    }

    private void Begin()
    {
        if (!isBegun)
        {
            isBegun = true;
            context.Response.ContentType = format == ExportFormat.Native ? "application/octet-stream" : "application/gzip";
            context.Response.Headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        }
    }
}
