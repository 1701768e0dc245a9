// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

interface ICoin {
    function transfer(address to, uint256 amount) external returns (bool);

    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

/// What a Curve pool of volatile coins looks like from outside, coins numbered by uint256, at a price of its own: no
/// package ships a real one.
contract CryptoPool {
    address[2] public coins;

    constructor(address coin0, address coin1) {
        coins = [coin0, coin1];
    }

    function get_dy(uint256 i, uint256 j, uint256 amount) public pure returns (uint256) {
        return i == 0 && j == 1 ? amount * 2 - 1 : amount / 2;
    }

    function exchange(uint256 i, uint256 j, uint256 amount, uint256 least) external payable returns (uint256 out) {
        out = get_dy(i, j, amount);
        require(out >= least, "slippage");
        ICoin(coins[i]).transferFrom(msg.sender, address(this), amount);
        ICoin(coins[j]).transfer(msg.sender, out);
    }
}
