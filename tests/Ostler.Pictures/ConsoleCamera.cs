using Microsoft.Playwright;
using Ostler.Testing.Tools;

namespace Ostler.Pictures;

/// <summary>Takes pictures of the console with a real browser, light and dark.</summary>
internal sealed class ConsoleCamera : IAsyncDisposable
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;
    private readonly string _folder;

    private ConsoleCamera(IPlaywright playwright, IBrowser browser, string folder) =>
        (_playwright, _browser, _folder) = (playwright, browser, folder);

    public static async Task<ConsoleCamera> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var (program, whyNot) = await Browsers.FindChromiumAsync(cancellationToken);
        if (program is null)
        {
            throw new InvalidOperationException(whyNot);
        }

        var playwright = await Playwright.CreateAsync();

        // Root has no other sandbox than none; the pages are our own.
        var options = new BrowserTypeLaunchOptions
        {
            ExecutablePath = program,
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        };
        return new(playwright, await playwright.Chromium.LaunchAsync(options), folder);
    }

    /// <summary>Takes a picture of a page as <c>NAME-light.png</c> and <c>NAME-dark.png</c>.</summary>
    /// <param name="page">The address of the page.</param>
    /// <param name="name">Its name.</param>
    /// <param name="shows">What of the page must be there first, as a CSS selector.</param>
    /// <param name="height">Height of the window, in pixels of CSS.</param>
    public Task TakeAsync(Uri page, string name, string shows, int height) =>
        Task.WhenAll(TakeAsync(page, name, shows, height, ColorScheme.Light), TakeAsync(page, name, shows, height, ColorScheme.Dark));

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    private async Task TakeAsync(Uri address, string name, string shows, int height, ColorScheme scheme)
    {
        await using var context = await _browser.NewContextAsync(new()
        {
            ColorScheme = scheme,
            ViewportSize = new() { Width = 1120, Height = height },

            // For displays with twice the pixels.
            DeviceScaleFactor = 2,
            Locale = "en-GB",
            TimezoneId = "UTC",
            ReducedMotion = ReducedMotion.Reduce,
        });
        var page = await context.NewPageAsync();
        await page.GotoAsync(address.ToString());
        await page.WaitForSelectorAsync(shows);
        var suffix = scheme == ColorScheme.Dark ? "dark" : "light";
        await page.ScreenshotAsync(new() { Path = Path.Combine(_folder, $"{name}-{suffix}.png") });
    }
}
