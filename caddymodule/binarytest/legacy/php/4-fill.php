<?php
// A shop's old script: hands out cards, and opens the codes of those that users got.
// GET shop.php?card_id=p…        parameters of wx.addCard
// GET shop.php?encrypt_code=…    the plain code

define('API', 'http://127.0.0.1:8081');

function https_request($url, $data = null)
{
    $options = [];
    if ($data !== null) {
        $options['http'] = ['method' => 'POST', 'header' => 'Content-Type: application/json', 'content' => json_encode($data)];
    }
    return json_decode(file_get_contents($url, false, stream_context_create($options)), true);
}

function decrypt_code($code)
{
    $res = https_request(API . '/card/code/decrypt', ['encrypt_code' => $code]);
    return $res['errcode'] == 0 ? $res['code'] : null;
}

header('Content-Type: application/json');
if (isset($_GET['encrypt_code'])) {
    echo json_encode(['code' => decrypt_code($_GET['encrypt_code'])]);
} else {
    $card_id = $_GET['card_id'];
    echo json_encode(['cardList' => [['cardId' => $card_id, 'cardExt' => new stdClass]]]);
}
