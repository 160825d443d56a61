namespace Larder.Engine.Verify;

/// <summary>The report for people: plain text, aligned, ending with a newline.</summary>
public static class VerifyText
{
    public static string Write(VerifyReport report) => report.ToJson();
}
