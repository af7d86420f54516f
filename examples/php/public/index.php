<?php
// Whoever may have the coupon gets the parameter of wx.addCard. cardExt stays empty, or holds outer_str, code or openid:
// the gateway signs it on the way out.
if (parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) === '/api/coupon') {
    header('Content-Type: application/json');
    echo json_encode(['cardList' => [
        ['cardId' => 'pSandboxCoupon00000000000001', 'cardExt' => ['outer_str' => 'php']],
    ]]);
    return;
}
echo "the shop, as ever\n";
