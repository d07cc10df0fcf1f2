using System.Text.RegularExpressions;
using System.Xml.Linq;
using Ostler.Testing.Documentation;

namespace Ostler.CrdGenerator.Tests;

/// <summary>The pictures of the documentation, which <c>make pictures</c> takes.</summary>
public sealed partial class PictureTests
{
    private const string Folder = "config/docs/images";

    // What a page weighs, its reader waits for.
    private const int MaxBytes = 500 * 1000;

    private static IReadOnlyList<Picture> Shown { get; } =
        [.. Documents.All.SelectMany(document => In(document, string.Join('\n', Documents.LinesOf(document))))];

    [Fact]
    public void Every_picture_exists_and_is_small() => Assert.Equal(
        [],
        from picture in Shown
        let file = new FileInfo(Path.Combine(Documents.Root, Path.GetDirectoryName(picture.Document)!, picture.Path))
        where !file.Exists || file.Length is 0 or > MaxBytes
        select $"{picture.Document}: {picture.Path} {(file.Exists ? $"has {file.Length} bytes" : "does not exist")}");

    [Fact]
    public void Every_picture_says_in_words_what_it_shows() => Assert.Equal(
        [],
        from picture in Shown
        where picture.Alternative.Length < 30
        select $"{picture.Document}: {picture.Path} \"{picture.Alternative}\"");

    [Fact]
    public void Every_file_is_shown_and_a_light_one_has_its_dark_one()
    {
        var files = Files("*").Select(file => Path.GetFileName(file)).ToArray();
        var shown = Shown.Select(picture => Path.GetFileName(picture.Path)).ToHashSet();
        var light = files.Where(file => file.EndsWith("-light.png", StringComparison.Ordinal));

        Assert.Equal([], files.Where(file => !shown.Contains(file)));
        Assert.Equal([], light.Select(file => file.Replace("-light", "-dark", StringComparison.Ordinal)).Except(files));
    }

    [Fact]
    public void The_README_has_a_picture_above_its_first_heading()
    {
        var text = string.Join('\n', Documents.LinesOf("README.md"));

        Assert.NotEmpty(In("README.md", text[..text.IndexOf("\n## ", StringComparison.Ordinal)]));
    }

    /// <summary>A page that shows an SVG as a picture runs no scripts in it.</summary>
    [Fact]
    public void A_recording_moves_without_scripts()
    {
        var recordings = Files("*.svg").Select(file => XDocument.Load(file)).ToArray();

        Assert.NotEmpty(recordings);
        Assert.All(recordings, recording =>
        {
            var names = recording.Descendants().Select(element => element.Name.LocalName).ToHashSet();
            Assert.DoesNotContain("script", names);
            Assert.True(names.Contains("animate") || recording.ToString().Contains("@keyframes", StringComparison.Ordinal));
        });
    }

    [Fact]
    public void Pictures_are_found_in_Markdown_and_in_HTML_with_their_alternatives()
    {
        const string text = """
            ![A fleet](a.png) and [a link](b.png)
            <picture>
              <source media="(prefers-color-scheme: dark)" srcset="dark.png">
              <img src="light.png"
                alt="The console">
            </picture>
            <img src="none.png">
            `![code](c.png)`
            """;

        Assert.Equal(
            [("a.png", "A fleet"), ("dark.png", "The console"), ("light.png", "The console"), ("none.png", "")],
            from picture in In("x.md", text) orderby picture.Path select (picture.Path, picture.Alternative));
    }

    private static string[] Files(string pattern) => Directory.GetFiles(Path.Combine(Documents.Root, Folder), pattern);

    private static IEnumerable<Picture> In(string document, string text)
    {
        text = Code().Replace(text, "");
        foreach (Match image in Markdown().Matches(text))
        {
            yield return new(document, image.Groups["path"].Value, image.Groups["alt"].Value);
        }

        // The alternative of a picture is that of the image in it.
        foreach (Match html in Html().Matches(text))
        {
            var alternative = Alternative().Match(html.Value).Groups[1].Value;
            foreach (Match source in Source().Matches(html.Value))
            {
                yield return new(document, source.Groups[1].Value, alternative);
            }
        }
    }

    private sealed record Picture(string Document, string Path, string Alternative);

    [GeneratedRegex("`[^`\n]+`")]
    private static partial Regex Code();

    [GeneratedRegex(@"!\[(?<alt>[^\]]*)\]\((?<path>[^)\s]+)\)")]
    private static partial Regex Markdown();

    [GeneratedRegex("<picture>.*?</picture>|<img[^>]*>", RegexOptions.Singleline)]
    private static partial Regex Html();

    [GeneratedRegex("""\balt="([^"]*)["]""")]
    private static partial Regex Alternative();

    [GeneratedRegex("""\bsrc(?:set)?="([^"]*)["]""")]
    private static partial Regex Source();
}
