using Microsoft.Playwright;
using Ostler.Console.Tests.Support;

namespace Ostler.Console.Tests;

/// <summary>Pictures for people, when asked for by <c>-explicit only</c>: OSTLER_SCREENSHOTS names the folder.</summary>
public sealed class LookTests(Chromium chromium)
{
    [Theory(Explicit = true)]
    [InlineData(5, ColorScheme.Light)]
    [InlineData(5, ColorScheme.Dark)]
    [InlineData(2000, ColorScheme.Light)]
    [InlineData(2000, ColorScheme.Dark)]
    public async Task Pictures(int nodes, ColorScheme scheme)
    {
        var folder = Environment.GetEnvironmentVariable("OSTLER_SCREENSHOTS");
        Assert.SkipWhen(string.IsNullOrEmpty(folder), "Pictures are taken when OSTLER_SCREENSHOTS names a folder.");
        await using var fleet = await ConsoleFleet.StartAsync(nodes, TestContext.Current.CancellationToken);
        await using var context = await chromium.NewContextAsync(scheme);
        var page = await context.NewPageAsync();
        foreach (var (name, hash) in new[] { ("fleet", ""), ("policy", "#/policies/edge"), ("node", "#/nodes/node-1"),
            ("failed", "#/policies/lab"), ("images", "#/images"), ("image", "#/images/lab-os") })
        {
            await page.GotoAsync($"{fleet.Address}{hash}");
            await page.WaitForSelectorAsync(
                name switch { "node" => ".history li", "images" => "table", "image" => ".facts", _ => ".progress" });
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder!, $"{name}-{nodes}-{scheme}.png"), FullPage = nodes < 10 });
        }

        await page.SetViewportSizeAsync(390, 800);
        foreach (var (name, hash) in new[] { ("fleet", "#/"), ("policy", "#/policies/edge"), ("node", "#/nodes/node-2"),
            ("image", "#/images/lab-os") })
        {
            await page.GotoAsync($"{fleet.Address}{hash}");
            await page.WaitForSelectorAsync(name switch { "node" => ".history li", "image" => ".facts", _ => ".progress" });
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder!, $"phone-{name}-{nodes}-{scheme}.png"), FullPage = nodes < 10 });
        }
    }
}
