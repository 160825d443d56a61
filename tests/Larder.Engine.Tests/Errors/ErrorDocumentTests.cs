using Larder.Engine.Errors;
using Larder.Testing;

namespace Larder.Engine.Tests.Errors;

public sealed class ErrorDocumentTests
{
    [Fact]
    public Task The_checked_in_ERRORS_md_is_what_the_table_says() =>
        GeneratedDocument.ExpectAsync("docs/generated/ERRORS.md", ErrorDocument.Markdown());

    [Fact]
    public void Every_row_has_its_section()
    {
        var markdown = ErrorDocument.Markdown();

        Assert.All(ErrorTable.Rows, row => Assert.Contains($"\n## {row.Code} ", markdown));
        Assert.Contains("## LARDER-028 job already running\n", markdown);
        Assert.Contains("Exit status 11, HTTP 423.", markdown);
        Assert.DoesNotContain('\r', markdown);
    }
}
