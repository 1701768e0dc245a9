// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Coin} from "sniper_sdk/Coin.sol";

interface IFactory {
    function getFee(address pool, bool stable) external view returns (uint256);
    function isPaused() external view returns (bool);
}

/// What both generations of Solidly's pair have in common, written anew after their published sources: the reserves, the
/// requires, the order of fee, transfer and check, and the rounding. Left out: claims of fees, observations, permits.
abstract contract Pair {
    address public immutable factory;
    address public immutable token0;
    address public immutable token1;
    bool public immutable stable;
    uint256 internal immutable units0;
    uint256 internal immutable units1;
    address internal constant FEES = address(0xfee5);

    uint256 public reserve0;
    uint256 public reserve1;
    uint256 public totalSupply;
    mapping(address holder => uint256) public balanceOf;

    event Mint(address indexed sender, uint256 amount0, uint256 amount1);
    event Fees(address indexed sender, uint256 amount0, uint256 amount1);
    event Sync(uint256 reserve0, uint256 reserve1);

    constructor(address factory_, address coin0, address coin1, bool stable_) {
        (factory, token0, token1, stable) = (factory_, coin0, coin1, stable_);
        units0 = 10 ** Coin(coin0).decimals();
        units1 = 10 ** Coin(coin1).decimals();
    }

    function metadata() external view returns (uint256, uint256, uint256, uint256, bool, address, address) {
        return (units0, units1, reserve0, reserve1, stable, token0, token1);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function mint(address to) external returns (uint256 liquidity) {
        (uint256 balance0, uint256 balance1) = _balances();
        (uint256 amount0, uint256 amount1) = (balance0 - reserve0, balance1 - reserve1);
        if (totalSupply == 0) {
            liquidity = _root(amount0 * amount1) - 1000;
            totalSupply = 1000;
            _checkFirst(amount0, amount1);
        } else {
            uint256 share0 = amount0 * totalSupply / reserve0;
            uint256 share1 = amount1 * totalSupply / reserve1;
            liquidity = share0 < share1 ? share0 : share1;
        }
        require(liquidity > 0, "nothing minted");
        totalSupply += liquidity;
        balanceOf[to] += liquidity;
        _update(balance0, balance1);
        emit Mint(msg.sender, amount0, amount1);
    }

    function burn(address to) external returns (uint256 amount0, uint256 amount1) {
        (uint256 balance0, uint256 balance1) = _balances();
        uint256 liquidity = balanceOf[address(this)];
        amount0 = liquidity * balance0 / totalSupply;
        amount1 = liquidity * balance1 / totalSupply;
        require(amount0 > 0 && amount1 > 0, "nothing burned");
        balanceOf[address(this)] -= liquidity;
        totalSupply -= liquidity;
        Coin(token0).transfer(to, amount0);
        Coin(token1).transfer(to, amount1);
        (balance0, balance1) = _balances();
        _update(balance0, balance1);
        _logBurn(to, amount0, amount1);
    }

    function swap(uint256 out0, uint256 out1, address to, bytes calldata) external {
        require(!IFactory(factory).isPaused(), "paused");
        require(out0 > 0 || out1 > 0, "no output");
        require(out0 < reserve0 && out1 < reserve1, "no liquidity");
        if (out0 > 0) Coin(token0).transfer(to, out0);
        if (out1 > 0) Coin(token1).transfer(to, out1);
        (uint256 balance0, uint256 balance1) = _balances();
        uint256 in0 = balance0 > reserve0 - out0 ? balance0 - (reserve0 - out0) : 0;
        uint256 in1 = balance1 > reserve1 - out1 ? balance1 - (reserve1 - out1) : 0;
        require(in0 > 0 || in1 > 0, "no input");
        if (in0 > 0) _takeFee(token0, in0 * _fee() / 10000);
        if (in1 > 0) _takeFee(token1, in1 * _fee() / 10000);
        (balance0, balance1) = _balances();
        require(_k(balance0, balance1) >= _k(reserve0, reserve1), "K");
        _update(balance0, balance1);
    }

    function sync() external {
        (uint256 balance0, uint256 balance1) = _balances();
        _update(balance0, balance1);
    }

    function skim(address to) external {
        (uint256 balance0, uint256 balance1) = _balances();
        Coin(token0).transfer(to, balance0 - reserve0);
        Coin(token1).transfer(to, balance1 - reserve1);
    }

    function getAmountOut(uint256 amountIn, address tokenIn) external view returns (uint256) {
        amountIn -= amountIn * _fee() / 10000;
        bool zero = tokenIn == token0;
        if (!stable) {
            (uint256 from, uint256 to) = zero ? (reserve0, reserve1) : (reserve1, reserve0);
            return amountIn * to / (from + amountIn);
        }
        uint256 k = _k(reserve0, reserve1);
        (uint256 x, uint256 y) = (reserve0 * 1e18 / units0, reserve1 * 1e18 / units1);
        if (!zero) (x, y) = (y, x);
        amountIn = amountIn * 1e18 / (zero ? units0 : units1);
        return (y - _get_y(amountIn + x, k, y)) * (zero ? units1 : units0) / 1e18;
    }

    function _get_y(uint256 x0, uint256 xy, uint256 y) internal view virtual returns (uint256);
    function _checkFirst(uint256 amount0, uint256 amount1) internal view virtual;
    function _logBurn(address to, uint256 amount0, uint256 amount1) internal virtual;

    function _k(uint256 x, uint256 y) internal view returns (uint256) {
        if (!stable) return x * y;
        return _curve(x * 1e18 / units0, y * 1e18 / units1);
    }

    function _curve(uint256 x, uint256 y) internal pure returns (uint256) {
        uint256 a = x * y / 1e18;
        uint256 b = x * x / 1e18 + y * y / 1e18;
        return a * b / 1e18;
    }

    function _fee() internal view returns (uint256) {
        return IFactory(factory).getFee(address(this), stable);
    }

    function _takeFee(address coin, uint256 amount) internal {
        if (amount == 0) return;
        Coin(coin).transfer(FEES, amount);
        amount * 1e18 / totalSupply; // the ratio by which claims are kept, and its overflow
        emit Fees(msg.sender, coin == token0 ? amount : 0, coin == token0 ? 0 : amount);
    }

    function _update(uint256 balance0, uint256 balance1) internal {
        (reserve0, reserve1) = (balance0, balance1);
        emit Sync(balance0, balance1);
    }

    function _balances() internal view returns (uint256, uint256) {
        return (Coin(token0).balanceOf(address(this)), Coin(token1).balanceOf(address(this)));
    }

    function _root(uint256 value) internal pure returns (uint256 root) {
        root = value;
        for (uint256 next = value / 2 + 1; next < root; next = (value / next + next) / 2) root = next;
    }
}
