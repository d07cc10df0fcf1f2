namespace Ostler.Testing.Tests;

public sealed class GoldenTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ostler-golden-");

    private string Approved => Path.Combine(_folder.FullName, "Testdata", "rollout", "narrative.txt");

    private string Received => Path.Combine(_folder.FullName, "Testdata", "rollout", "narrative.received.txt");

    [Fact]
    public void The_same_text_passes_whatever_its_line_ends()
    {
        Approve("one\ntwo\n");

        Golden.Verify("one\r\ntwo", Approved, update: false);
    }

    [Fact]
    public void A_difference_is_shown_with_its_line_its_column_and_what_came_before()
    {
        Approve("node-1 staged\nnode-1 cordoned\nnode-1 drained\nnode-1 rebooted\n");

        var error = Assert.Throws<GoldenMismatchException>(
            () => Golden.Verify("node-1 staged\nnode-1 cordoned\nnode-1 dreamed\nnode-1 rebooted\n", Approved, update: false));

        Assert.Contains("First difference in line 3, column 10:", error.Message, StringComparison.Ordinal);
        Assert.Contains("      2   node-1 cordoned", error.Message, StringComparison.Ordinal);
        Assert.Contains("-     3   node-1 drained", error.Message, StringComparison.Ordinal);
        Assert.Contains("+     3   node-1 dreamed", error.Message, StringComparison.Ordinal);
        Assert.Contains("\n" + new string(' ', 10 + 9) + "^", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("rebooted", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("one\n", "one\ntwo\n", "-     2   (end of text)", "+     2   two")]
    [InlineData("one\ntwo\n", "one\n", "-     2   two", "+     2   (end of text)")]
    public void A_text_that_ends_early_or_late_says_so(string approved, string actual, string minus, string plus)
    {
        Approve(approved);

        var error = Assert.Throws<GoldenMismatchException>(() => Golden.Verify(actual, Approved, update: false));

        Assert.Contains(minus, error.Message, StringComparison.Ordinal);
        Assert.Contains(plus, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_that_nobody_approved_fails_and_is_left_to_look_at()
    {
        var error = Assert.Throws<GoldenMismatchException>(() => Golden.Verify("one", Approved, update: false));

        Assert.Contains("does not exist yet", error.Message, StringComparison.Ordinal);
        Assert.Contains(Golden.UpdateVariable + "=1", error.Message, StringComparison.Ordinal);
        Assert.Equal("one\n", File.ReadAllText(Received));
    }

    [Fact]
    public void Updating_writes_the_text_and_removes_what_was_left_to_look_at()
    {
        Assert.Throws<GoldenMismatchException>(() => Golden.Verify("one", Approved, update: false));

        Golden.Verify("one", Approved, update: true);

        Assert.Equal("one\n", File.ReadAllText(Approved));
        Assert.False(File.Exists(Received));
        Golden.Verify("one", Approved, update: false);
    }

    [Fact]
    public void The_file_is_looked_for_beside_the_test() => Golden.Verify("found beside GoldenTests.cs\n", "beside-the-test/found.txt");

    public void Dispose() => _folder.Delete(recursive: true);

    private void Approve(string text) => Golden.Verify(text, Approved, update: true);
}
