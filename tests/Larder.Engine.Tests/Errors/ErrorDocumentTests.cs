using Larder.Engine.Errors;

namespace Larder.Engine.Tests.Errors;

public sealed class ErrorDocumentTests
{
    [Fact]
    public void The_checked_in_ERRORS_md_is_what_the_table_says()
    {
        var path = RepositoryRoot.Combine("docs", "generated", "ERRORS.md");
        if (RepositoryRoot.UpdatesGenerated)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, ErrorDocument.Markdown());
        }

        Assert.True(ErrorDocument.Markdown() == File.ReadAllText(path), $"{path} is out of date: run the tests with LARDER_UPDATE_GENERATED=1.");
    }

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
